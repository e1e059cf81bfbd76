# SPDX-License-Identifier: BSD-3-Clause
"""What is measured, and of whom."""

import dataclasses
import typing

import alone
import messages
from contestants import (
    FAMEZ, FAMEZ_LEND, FAMEZ_ZERO_COPY, LINKS, MEMIF, MEMIF_ZERO_COPY, Contestant,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    unit: str
    more_is_better: bool
    figure: typing.Callable  # of what the ends said, the receiver's first
    ours: Contestant
    rivals: tuple = ()  # none: it is looked at by itself
    way: str = "tx"  # one way; rtt: round trips; others: see contestants.pingpong_words()
    size: int = 64
    touch: str = "first"  # what the receiver reads of each message: a line or all
    write: str = "first"  # what the sender writes, before whatever copies it
    least_seconds: float = 0
    # Of many ports, or many in one process: each one's heart beats on a processor that is in use.
    most_switches: float = 100.0


def rate(ends):
    return ends[-1]["rate_mmsg_per_s"]


def bandwidth(ends):
    return ends[-1]["rate_gbit_per_s"] / 8


def round_trip_time(ends):
    return ends[-1]["rtt_ns_p50"]


def wake_time(ends):
    """From when it was really sent; the floor knows no other time."""
    return ends[-1].get("service_ns_p50", ends[-1]["rtt_ns_p50"])


def doorbells(ends):
    """That either end has counted; a counter of 0 is not told."""
    counters = [counter for end in ends for counter in end["xstats"].items()]
    return sum(value for name, value in counters if "doorbells" in name)


def mail_rate(ends):
    """0 if one was lost, or came out of order, or twice."""
    [seen] = ends[0]["verified"]
    good = seen["received"] == ends[1]["taken"] and seen["lost"] == seen["out_of_order"] == 0
    return ends[1]["rate"] if good else 0.0


WAYS = {"": "", "-zc": ", zero copy", "-lend": ", lend=1024"}


def frames(size, touch, ours=FAMEZ, rivals=LINKS, suffix=""):
    what = {"all": "every byte read", "first": "first line read"}[touch] + WAYS[suffix]
    return Case(f"tx-{size}-{touch}{suffix}", f"{size} B one way, {what}", "M/s", True, rate,
                ours, rivals, size=size, touch=touch)  # fmt: skip


def round_trip(size):
    return Case(f"rtt-{size}", f"{size} B round trip, p50", "ns", False, round_trip_time, FAMEZ,
                LINKS, way="rtt", size=size)  # fmt: skip


SIZES = {64: "64", 4096: "4K", 65536: "64K", 1 << 20: "1M"}


def libraries(size):
    """Those whose choice of way depends on the size are there twice where it matters."""
    return messages.LIBRARIES + ((messages.UCX_POSIX,) if size >= 65536 else ())


def messages_one_way(size):
    unit, figure = ("M/s", rate) if size == 64 else ("GB/s", bandwidth)
    floor = () if size == 64 else (messages.ONE_COPY,)
    return Case(f"msg-tx-{SIZES[size]}", f"message of {SIZES[size]}, all bytes touched", unit, True,
                figure, messages.FABRIC, libraries(size) + floor, size=size, touch="all",
                write="all")  # fmt: skip


def messages_round_trip(size):
    more = (messages.UCX_PERFTEST,) if size == 64 else ()
    return Case(f"msg-rtt-{SIZES[size]}", f"message of {SIZES[size]}, round trip, p50", "ns", False,
                round_trip_time, messages.FABRIC, libraries(size) + more, way="rtt",
                size=size)  # fmt: skip


MANY_HEARTS = 1000.0
OWN = [
    Case("idle-peers", "64 B one way among 62 idle ports", "M/s", True, rate, alone.CROWDED,
         (alone.NO_COMPANY,), most_switches=MANY_HEARTS),
    Case("wake", "wake and answer, p50", "ns", False, wake_time, FAMEZ, (alone.BARE_WAKE,),
         way="wake"),
    Case("stopped", "kept when one receiver of three stops", "x", True,
         lambda ends: ends[-1]["kept"], alone.STOPPED, most_switches=MANY_HEARTS),
    Case("doorbells", "doorbells while both ends poll", "", False, doorbells, FAMEZ),
    Case("idle-cpu", "CPU use of a sleeping receiver", "%", False,
         lambda ends: ends[0]["cpu_percent"], FAMEZ, way="idle", least_seconds=3),
    Case("mail", "mail, client to client, none lost", "/s", True, mail_rate, alone.MAIL),
]  # fmt: skip

ALL = [
    frames(64, "first"),
    round_trip(64),
    frames(1518, "first"),
    frames(1518, "first", FAMEZ_ZERO_COPY, (MEMIF_ZERO_COPY,), "-zc"),
    frames(1518, "all", rivals=(*LINKS, messages.ONE_COPY)),
    frames(1518, "all", FAMEZ_ZERO_COPY, (MEMIF_ZERO_COPY,), "-zc"),
    frames(1518, "first", FAMEZ_LEND, (MEMIF, MEMIF_ZERO_COPY), "-lend"),
    frames(1518, "all", FAMEZ_LEND, (MEMIF, MEMIF_ZERO_COPY), "-lend"),
    round_trip(1518),
    frames(512, "first"),
    *map(messages_one_way, SIZES),
    *map(messages_round_trip, SIZES),
    *OWN,
]

# The main ones, and who matters most there.
QUICK = {"tx-64-first": ["memif-zc"], "rtt-64": ["memif-zc"], "msg-tx-64K": ["ucx-posix"]}


def all_rivals():
    """Each once, in the order in which they come."""
    return list({rival.name: rival for case in ALL for rival in case.rivals}.values())
