# SPDX-License-Identifier: BSD-3-Clause
"""What runs beside the two ends while something is measured: servers, and company."""

import os
import socket
import subprocess
import tempfile
import time


class BackgroundError(Exception):
    pass


class Background:
    """A process for as long as the `with` lasts, which begins when it is ready."""

    PATIENCE = 10

    def __init__(self, command, environment=None):
        self.command = [str(word) for word in command]
        self.environment = environment
        self.process = None
        self.errors = None

    def ready(self):
        return True

    def __enter__(self):
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        give_up = time.monotonic() + self.PATIENCE
        try:
            while not self.ready():
                if time.monotonic() > give_up or self.process.poll() is not None:
                    raise BackgroundError(self.complaint())
                time.sleep(0.02)
        except BaseException:
            self.__exit__()
            raise
        return self

    def complaint(self):
        self.errors.seek(0)
        name = os.path.basename(self.command[0])
        return ": ".join([f"{name} did not start", *self.errors.read().strip().splitlines()[-1:]])

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.communicate(timeout=self.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        self.errors.close()


class Fabric(Background):
    """famez_server at {directory}/fabric."""

    def __init__(self, tools, directory, options=()):
        self.path = os.path.join(directory, "fabric")
        super().__init__([tools.server, "-S", self.path, "--rest", "off", *options])

    def ready(self):
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(self.path) == 0


class Speaking(Background):
    """Says a word on standard output when it is ready."""

    def __init__(self, command, word, environment=None):
        super().__init__(command, environment)
        self.word = word

    def ready(self):
        # What ends without it leaves an empty line, and is noticed.
        return self.word in self.process.stdout.readline()


def crowd(tools, path, ports, others):
    """Idle ports with a lane each to those ids."""
    return Speaking([tools.crowd, path, ports, *others], "ports are up")


ROUDI_POOLS = {256: 1000, 8192: 1000, 131072: 200, 2097152: 32}  # bytes: how many


def roudi(directory):
    """iceoryx's daemon."""
    path = os.path.join(directory, "roudi.toml")
    pools = "".join(f"\n[[segment.mempool]]\nsize = {size}\ncount = {count}\n"
                    for size, count in ROUDI_POOLS.items())  # fmt: skip
    with open(path, "w", encoding="ascii") as file:
        file.write(f"[general]\nversion = 1\n\n[[segment]]\n{pools}")
    return Speaking(["iox-roudi", "-c", path, "-l", "off", "-m", "off"], "ready for clients")
