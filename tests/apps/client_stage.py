# SPDX-License-Identifier: BSD-3-Clause
"""famez_client under test: run to its end, left running, or at a terminal."""

import fcntl
import json
import os
import signal
import subprocess
import termios

from program_lib import settings
from program_lib.processes import Output, die_with_parent

CLIENT = settings.BUILD / "apps/famez_client/famez_client"


class Clients:
    def __init__(self, stage, path=None):
        self.stage = stage
        self.path = path or stage.socket

    def command(self, *words):
        # On a busy machine others may take their time.
        patience = [] if "-W" in words else ["-W", "10"]
        return [str(CLIENT), "-S", self.path, *patience, *map(str, words)]

    def run(self, *words, text=None):
        """One command, to its end: exit code, standard output and error. `text`: its input."""
        done = subprocess.run(
            self.command(*words),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=60 * settings.slow(),
            env={**os.environ, "XDG_STATE_HOME": self.stage.path("state")},
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def ok(self, *words, text=None):
        """The same for what must go well: its standard output."""
        code, out, err = self.run(*words, text=text)
        assert code == 0, (code, out, err)
        return out

    def json(self, *words):
        return json.loads(self.ok("--json", *words))

    def listen(self, name, *words):
        """One that listens, from the moment when it shows itself."""
        program = self.stage.run(name, self.command("-v", "-a", name, "listen", *words))
        program.expect_note(f"here as {name}, id ")
        return program


class Terminal:
    """A console at its controlling terminal of 80 columns: typed control characters are signals."""

    def __init__(self, stage, command):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x18\0\x50\0\0\0\0\0")

        def prepare():
            die_with_parent()
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Whoever runs the tests under nohup ignores it, and that is inherited.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)

        env = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": stage.path("state")}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, preexec_fn=prepare
        )
        os.close(theirs)
        self.input = os.dup(ours)
        self.out = Output(ours)

    def type(self, keys):
        os.write(self.input, keys.encode())

    def expect(self, pattern, seconds=10):
        """The first match behind the last one that was found."""
        start = getattr(self, "seen", 0)
        found = self.out.wait_for(pattern, seconds * settings.slow(), start)
        assert found, f"no {pattern!r} in {self.out.text[start:]!r}"
        self.seen = found.end()
        return found

    def hang_up(self):
        """The window is closed."""
        os.kill(self.process.pid, signal.SIGHUP)

    def wait(self, seconds=10):
        return self.process.wait(seconds * settings.slow())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.input)
        self.out.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(f"---- the terminal:\n{self.out.text}")
        self.close()
