# SPDX-License-Identifier: BSD-3-Clause
"""What the machine did while something was measured: a figure is worth what its conditions are.

The bare round trip of a cache line between the two processors is the stamp beside each figure. On a
virtual machine it wanders by a factor, and everything that crosses processors goes with it.
"""

import dataclasses
import os
import resource
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Conditions:
    """Of one measurement."""

    stamp_before: float  # ns, the cache line's round trip
    stamp_after: float
    foreign: float  # share of all processors' time that went to others
    steal: float  # share that the hypervisor took
    switches: float  # involuntary ones of what was measured, a second
    accepted: bool = False  # it is to count whatever they are
    most_switches: float = 100.0

    # A stamp itself varies by a third; its two states lie further apart.
    MIXED = 1.9
    MOST_FOREIGN = 0.02
    MOST_STEAL = 0.01

    @property
    def stamp(self):
        return (self.stamp_before + self.stamp_after) / 2

    def faults(self):
        """Why the figure is to be thrown away; empty if it is good."""
        found = []
        if self.accepted:
            return found
        if not same_pace([self.stamp_before, self.stamp_after]):
            found.append("mixed stamps")
        if self.foreign > self.MOST_FOREIGN:
            found.append("foreign load")
        if self.steal > self.MOST_STEAL:
            found.append("steal")
        if self.switches > self.most_switches:
            found.append("switches")
        return found


def same_pace(stamps):
    return max(stamps) <= Conditions.MIXED * min(stamps)


@dataclasses.dataclass
class Clock:
    """What the kernel has counted so far."""

    wall: float
    busy: float  # seconds of all processors, idle and steal left out
    steal: float
    children: float  # seconds of our children that have ended, and of ourselves
    switches: int

    @classmethod
    def now(cls):
        with open("/proc/stat", encoding="ascii") as stat:
            user, nice, system, _, _, irq, softirq, steal = map(
                int, stat.readline().split()[1:9])  # fmt: skip
        used = [resource.getrusage(who) for who in
                (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]  # fmt: skip
        return cls(
            time.monotonic(),
            (user + nice + system + irq + softirq) / TICKS,
            steal / TICKS,
            sum(usage.ru_utime + usage.ru_stime for usage in used),
            used[0].ru_nivcsw,
        )


class Watch:
    """`with Watch(cacheline) as watch: ...`; then watch.conditions."""

    def __init__(self, cacheline):
        self.cacheline = cacheline
        self.conditions = None

    def stamp(self):
        return float(subprocess.run(self.cacheline, check=True, capture_output=True).stdout)

    def __enter__(self):
        self.before = self.stamp()
        self.start = Clock.now()
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            return
        start, end = self.start, Clock.now()
        wall = end.wall - start.wall
        everywhere = wall * os.cpu_count()
        foreign = (end.busy - start.busy) - (end.children - start.children)
        self.conditions = Conditions(
            self.before,
            self.stamp(),
            max(0.0, foreign) / everywhere,
            (end.steal - start.steal) / everywhere,
            (end.switches - start.switches) / wall,
        )


def two_processors():
    """The first two that we may run on; the same one twice if there is one only."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[min(1, len(allowed) - 1)]
