# SPDX-License-Identifier: BSD-3-Clause
"""Two famez_pingpong, one at each end of a link.

FAMEZ_TEST_LINK     memif (default), memif-zero-copy, famez, or fabric, which is --api fabric at
                    both ends: what lies between them
FAMEZ_TEST_VDEV_A   or any other pair of devices: EAL's --vdev argument of the first program,
FAMEZ_TEST_VDEV_B   and of the second; {dir} stands for a directory of the test's own
"""

import itertools
import os

import pytest

from program_lib import settings
from program_lib.stage import results

LINK = os.environ.get("FAMEZ_TEST_LINK", "memif")
# What uses a server's fabric, and by which API at either end.
APIS = {"famez": ("ethdev", "ethdev"), "fabric": ("fabric", "fabric")}
CPUS = sorted(os.sched_getaffinity(0))

# When its other end goes, net_memif takes the shared memory apart in one thread while another still
# polls it: what survives that is luck, and no business of this program.
needs_a_link_that_survives = pytest.mark.skipif(
    LINK.startswith("memif"), reason="net_memif may crash when its other end goes"
)


def vdevs(directory):
    """The devices of the two ends and the EAL options that they need."""
    given = [os.environ.get(f"FAMEZ_TEST_VDEV_{end}") for end in "AB"]
    if all(given):
        return [vdev.format(dir=directory) for vdev in given], []
    # Buffers that hold the largest frame: net_memif damages frames that need several.
    memif = f"net_memif0,id=0,socket={directory}/memif,bsize=10240,role="
    if LINK == "memif-zero-copy":
        return [memif + "server", memif + "client,zero-copy=yes"], ["--single-file-segments"]
    return [memif + "server", memif + "client"], []


class Pair:
    """Starts famez_pingpong at either end. Other than FAMEZ_TEST_LINK says: `devices`, or `apis`
    for two ports of a fabric whose server is given the options `server`."""

    def __init__(self, stage, devices=None, apis=None, server=()):
        self.stage = stage
        self.names = itertools.count()
        self.last_b = None
        self.apis = apis or (None if devices else APIS.get(LINK))
        self.devices = devices or vdevs(stage.directory)
        if self.apis:
            self.server = stage.server(*server)

    def start(self, end, *options):
        if self.apis and self.apis[end] == "fabric":
            name = f"{options[0]}{next(self.names)}"
            command = [settings.PINGPONG, "--api", "fabric", *options]
            command += ["--socket", self.stage.socket, "--cpu", CPUS[end % len(CPUS)]]
            if "--peer" not in options:
                command += ["--peer", 2 - end]
            return self.stage.run(name, command)
        if self.apis:
            return self.stage.pingpong(f"peer={2 - end}", *options)
        devices, more = self.devices
        name = f"{options[0]}{next(self.names)}"
        eal = ["--no-pci", "--no-huge", "-m", "256", "--file-prefix", name, "--no-telemetry", *more]
        eal += ["--lcores", f"0@{CPUS[end % len(CPUS)]}", "--vdev", devices[end]]
        command = [settings.PINGPONG, *eal, "--", *options]
        return self.stage.run(name, command, env=self.stage.environment(stock=False))

    def a(self, *options):
        program = self.start(0, *options)
        if not self.b_runs():
            # net_memif's client tries once, and in vain if the server's port is not yet started;
            # net_famez has its ids by the order of attachment.
            program.expect_note(r"waiting for the link", 20)
        return program

    def b(self, *options):
        self.last_b = self.start(1, *options)
        return self.last_b

    def b_runs(self):
        return self.last_b is not None and self.last_b.running()


def finished(program, seconds=60):
    """Its exit status, when it ends by itself."""
    return program.wait(seconds)


def only_row(program):
    (row,) = results(program)
    return row
