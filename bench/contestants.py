# SPDX-License-Identifier: BSD-3-Clause
"""Who is measured. A contestant says which programs are its two ends, and what runs beside them.

Here: links of DPDK between two processes, with famez_pingpong at both ends of each, so that what
differs is the driver. messages.py has those with an API of their own, alone.py what net_famez is
compared with nobody in.
"""

import dataclasses
import json

from surroundings import Fabric

EAL = ("--in-memory", "--no-pci", "--no-telemetry", "-m", 256, "--log-level=lib.eal:error")
IDLE_US = 50
WAKES_PER_SECOND = 1000
RARE_PER_SECOND = 10
WARM_UP_BYTES = 64 << 20


@dataclasses.dataclass(frozen=True)
class Site:
    """Of one measurement."""

    tools: object
    processors: tuple  # of the receiver, of the sender
    seconds: float
    directory: str  # of its own
    ring_size: str | None = None  # of famez_server, if not its default

    def ring(self, usual=None):
        size = self.ring_size or usual
        return ["--ring-size", size] if size else []


class Contestant:
    name: str
    about: str
    # Until the first end has its sockets, and its id in a fabric, which is lower than the other's.
    head_start = 0.7
    environment: dict = {}
    statuses = (0,)  # of both ends, if all is well

    def missing(self, _tools):
        """Why it cannot be measured here; None if it can."""
        return None

    def surroundings(self, _site):
        """What `with` is to hold while it runs, in this order."""
        return []

    def ends(self, case, site):
        """Commands: of the receiver, of the sender. Each may print JSON as its last line."""
        raise NotImplementedError

    def clean(self, pids):
        """Removes what ends that were killed have left behind."""

    @staticmethod
    def parse(text):
        """What an end printed: JSON, in one of the last lines. {}: nothing."""
        for line in reversed(text.splitlines()):
            if line.startswith("{"):
                return json.loads(line)
        return {}


def pingpong_words(case, seconds):
    """famez_pingpong's options at either end."""
    # Of large messages its usual 10000 take seconds.
    warm_up = min(10_000, WARM_UP_BYTES // case.size)
    receiver, sender = {
        "tx": (["rx", "--touch", case.touch], ["tx"]),
        "rtt": (["pong"], ["ping", "--warmup", warm_up]),
        "wake": (["pong", "--idle-us", IDLE_US], ["ping", "--rate", WAKES_PER_SECOND]),
        "idle": (["rx", "--idle-us", IDLE_US], ["tx", "--rate", RARE_PER_SECOND]),
    }[case.way]
    if case.write == "all":
        sender.append("--verify")
    common = ["--quiet", "--json"]
    return receiver + common, [*sender, *common, "--size", case.size, "--duration", seconds]


@dataclasses.dataclass(frozen=True)
class Link(Contestant):
    """Two ports that are linked by their EAL options; {dir} is the measurement's own directory."""

    name: str
    about: str
    receiver: str
    sender: str
    server: tuple | None = None  # famez_server runs at {dir}/fabric, with these options
    sender_options: tuple = ()

    def surroundings(self, site):
        if self.server is None:
            return []
        return [Fabric(site.tools, site.directory, [*self.server, *site.ring()])]

    def ends(self, case, site):
        words = pingpong_words(case, site.seconds)
        ports = [text.format(dir=site.directory).split() for text in (self.receiver, self.sender)]
        extra = [(), self.sender_options]
        return [eal_command(site, site.tools.pingpong, i, [*ports[i], "--", *words[i], *extra[i]])
                for i in range(2)]  # fmt: skip


def eal_command(site, program, number, words):
    """A program of DPDK on the processor of that number."""
    return [program, "-l", site.processors[number], *EAL, "--file-prefix", f"bench{number}", *words]


def memif(options):
    end = "--vdev=net_memif0,role={role},id=0,socket={{dir}}/memif,socket-abstract=no" + options
    return end.format(role="server"), end.format(role="client")


def virtio(options):
    return (
        "--vdev=net_vhost0,iface={dir}/vhost,queues=1",
        "--single-file-segments --vdev=net_virtio_user0,path={dir}/vhost,queues=1" + options,
    )


def famez(devargs):
    return "-d librte_net_famez.so --vdev=net_famez0,socket={dir}/fabric" + devargs


FAMEZ = Link("net_famez", "", famez(",peer=2"), famez(",peer=1"), server=())
FAMEZ_ZERO_COPY = Link(
    "net_famez-zc", "", famez(",peer=2,trust=all"), famez(",peer=1"), server=(),
    sender_options=("--zero-copy",),
)  # fmt: skip

FAMEZ_LEND = Link(
    "net_famez-lend", "", famez(",peer=2,trust=all"), famez(",peer=1,lend=1024"), server=(),
)  # fmt: skip

MEMIF = Link("memif", "net_memif", *memif(""))
# Zero copy wants memory in a single piece.
MEMIF_ZERO_COPY = Link(
    "memif-zc", "net_memif, zero-copy=yes",
    *["--single-file-segments " + end for end in memif(",zero-copy=yes")],
)  # fmt: skip
VIRTIO_SPLIT = Link("virtio-split", "net_virtio_user to net_vhost, split rings", *virtio(""))
VIRTIO_PACKED = Link("virtio-packed", "net_virtio_user to net_vhost, packed rings, in order",
                     *virtio(",packed_vq=1,in_order=1"))  # fmt: skip
LINKS = (MEMIF, MEMIF_ZERO_COPY, VIRTIO_SPLIT, VIRTIO_PACKED)
