# SPDX-License-Identifier: BSD-3-Clause
"""A fabric with virtual machines on it, for one test or for a file of tests."""

import json
import re
import signal

from famez_guest.machine import Guest

from program_lib.processes import wait_until
from program_lib.settings import sanitizer_libraries, slow
from program_lib.stage import Stage

# Without hugepages, which take the guest's memory.
EAL = "--no-huge -m 64 --no-shconf --no-telemetry -d librte_net_famez.so"


class World:
    """A Stage with guests on its fabric; ended by `with`."""

    def __init__(self, image):
        self.image = image
        self.stage = Stage()
        self.guests = []
        self.fabric = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            for guest in self.guests:
                print(guest.log())
                guest.close()
        finally:
            self.stage.close()

    def server(self, *options):
        self.fabric = self.stage.server("-v", *options)
        return self.fabric

    def guest(self, driver="vfio-pci", **how):
        """A guest with its device bound to `driver` (None: left alone)."""
        how.setdefault("socket", self.stage.socket)
        if sanitizer_libraries():
            # Its shadow leaves EAL no memory at addresses that fit the IOMMU's default width.
            how.setdefault("qemu_args", ["-global", "intel-iommu.aw-bits=48"])
        guest = Guest(self.image, name=f"guest{len(self.guests)}", patience=slow(), **how)
        self.guests.append(guest)
        guest.world = self
        if driver:
            guest.address = guest.bind(driver)
        return guest

    def last_port(self):
        """The id that the last one who came has."""
        return int(re.findall(r"port (\d+) is attached", self.fabric.err.text)[-1])

    def host(self, devargs, *options):
        """famez_pingpong on the host, attached."""
        before = len(re.findall(r"is attached", self.fabric.err.text))
        program = self.stage.pingpong(devargs, *options)
        wait_until(
            lambda: len(re.findall(r"is attached", self.fabric.err.text)) > before,
            20,
            "the host's port is attached",
        )
        return program


def pingpong(guest, *options, devargs="", eal=EAL):
    """famez_pingpong in a guest, in the background."""
    allow = f"-a {guest.address},{devargs}" if devargs else ""
    words = " ".join(str(option) for option in options)
    return guest.start(f"famez_pingpong {eal} {allow} -- {words}")


def rows(program):
    """The JSON objects that famez_pingpong has printed: one of a guest or of the host."""
    text = program.output() if hasattr(program, "output") else program.out.text
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def end(job, seconds=20):
    """Ctrl-C, and the exit status."""
    job.signal(signal.SIGINT)
    return job.wait(seconds)


def expect_unharmed(row):
    for fault in ("lost", "corrupted", "reordered", "duplicated"):
        assert row[fault] == 0, row


def round_trips(pinger, answerer, count):
    """Both must end by themselves, and every byte have come, both ways."""
    assert pinger.wait(120) == 0, pinger.output()
    (asked,) = rows(pinger)
    (answered,) = rows(answerer)
    assert asked["received"] >= count and answered["received"] >= count
    expect_unharmed(asked)
    expect_unharmed(answered)
