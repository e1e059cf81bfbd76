# SPDX-License-Identifier: BSD-3-Clause
"""Contestants with a message API: lib/fabric's own, and its rivals.

The rivals' programs are those of bench/rivals, which share a command line; see contest.h there.
"""

import dataclasses
import glob
import os
import re
import shutil

from contestants import Contestant, pingpong_words
from surroundings import Fabric, roudi

# Room for messages of a megabyte.
USUAL_RING = "4M"


class FabricApi(Contestant):
    name = "lib/fabric"
    about = ""
    head_start = 0.4

    def surroundings(self, site):
        return [Fabric(site.tools, site.directory, site.ring(USUAL_RING))]

    def ends(self, case, site):
        socket = os.path.join(site.directory, "fabric")
        return [
            [site.tools.pingpong, "--api", "fabric", *words, "--socket", socket,
             "--cpu", site.processors[i], "--peer", 2 - i]
            for i, words in enumerate(pingpong_words(case, site.seconds))
        ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Rival(Contestant):
    """A program of bench/rivals."""

    name: str
    about: str
    program: str
    package: str = ""  # of Debian, without which it is not built
    head_start: float = 0  # they wait for each other
    environment: dict = dataclasses.field(default_factory=dict)

    def missing(self, tools):
        if os.access(self.path(tools), os.X_OK):
            return None
        return f"it was not built: Debian's {self.package} is not installed"

    def path(self, tools):
        return os.path.join(tools.build, "bench/rivals", self.program)

    def ends(self, case, site):
        roles = {"tx": ("rx", "tx"), "rtt": ("pong", "ping")}[case.way]
        common = ["--dir", site.directory, "--size", case.size]
        receiver = ["--touch", case.touch]
        sender = ["--write", case.write, "--duration", site.seconds]
        return [
            [self.path(site.tools), role, *common, "--cpu", processor, *own]
            for role, processor, own in zip(roles, site.processors, (receiver, sender))
        ]


class Libfabric(Rival):
    def clean(self, pids):
        for pid in pids:
            for path in glob.glob(f"/dev/shm/{pid}:*"):
                os.unlink(path)


class Iceoryx(Rival):
    def missing(self, tools):
        if shutil.which("iox-roudi") is None:
            return "there is no iox-roudi: Debian's iceoryx is not installed"
        return super().missing(tools)

    def surroundings(self, site):
        return [roudi(site.directory)]


class UcxPerftest(Contestant):
    """UCX's own program, whose times are one way: half a round trip."""

    name = "ucx-perftest"
    about = "UCX tag by ucx_perftest, which touches no byte"
    environment = {"UCX_TLS": "shm,self"}
    PORT = 13371
    MESSAGES_PER_SECOND = 2_000_000

    def missing(self, _tools):
        if shutil.which("ucx_perftest") is None:
            return "there is no ucx_perftest: Debian's ucx-utils is not installed"
        return None

    def ends(self, case, site):
        common = ["ucx_perftest", "-p", self.PORT, "-c"]
        return [
            [*common, site.processors[0]],
            [*common, site.processors[1], "127.0.0.1", "-t", "tag_lat", "-s", case.size, "-f",
             "-n", round(site.seconds * self.MESSAGES_PER_SECOND)],
        ]  # fmt: skip

    @staticmethod
    def parse(text):
        """What it printed, in famez_pingpong's keys."""
        for line in reversed(text.splitlines()):
            words = line.replace("Final:", "").split()
            if len(words) == 8 and all(re.fullmatch(r"[\d.]+", word) for word in words):
                return {"rtt_samples": int(words[0]), "rtt_ns_p50": 2000 * float(words[1]),
                        "rtt_ns_mean": 2000 * float(words[3])}  # fmt: skip
        return {}


FABRIC = FabricApi()
# All its ways through memory, of which it takes what it thinks best: for large messages that is the
# kernel's copy from process to process. Without that they go through memory too, in pieces, which
# may be faster.
UCX = Rival("ucx", "UCX tag, all its ways through shared memory", "rival_ucx", "libucx-dev",
            environment={"UCX_TLS": "shm,self"})  # fmt: skip
UCX_POSIX = Rival("ucx-posix", "UCX tag, POSIX shared memory alone", "rival_ucx", "libucx-dev",
                  environment={"UCX_TLS": "posix,self"})  # fmt: skip
LIBFABRIC = Libfabric("libfabric", "libfabric, provider shm, reliable datagrams", "rival_libfabric",
                      "libfabric-dev")  # fmt: skip
ICEORYX = Iceoryx("iceoryx", "iceoryx, untyped publisher and subscriber that block",
                  "rival_iceoryx", "libiceoryx-posh-dev")  # fmt: skip
SEQPACKET = Rival("seqpacket", "UNIX seqpacket sockets, blocking", "rival_seqpacket")
ONE_COPY = Rival("one-copy", "the floor: one copy in, every byte read out", "famez_copy_floor")
UCX_PERFTEST = UcxPerftest()
LIBRARIES = (UCX, LIBFABRIC, ICEORYX, SEQPACKET)
