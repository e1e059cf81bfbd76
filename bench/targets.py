# SPDX-License-Identifier: BSD-3-Clause
"""Where we have to be: against a rival in the same run, against the cache line, or by itself."""

import dataclasses
import statistics
import typing

from pairs import Comparison


@dataclasses.dataclass(frozen=True)
class Target:
    case: str
    bound: float
    at_least: bool  # or at most
    than: str  # what the bound is a multiple of, or its unit
    figure: typing.Callable  # of the case's findings; None if they do not say

    def met_by(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self):
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g} {self.than}"


def median_of_ours(findings, value):
    values = [value(sample) for finding in findings for sample in finding.ours()]
    return statistics.median(values) if values else None


def against(case, rival, bound, at_least):
    def ratio(findings):
        for finding in findings:
            if isinstance(finding, Comparison) and finding.rival.name == rival and finding.pairs:
                return finding.ratio()
        return None

    return Target(case, bound, at_least, f"x {rival}", ratio)


def against_the_line(case, bound):
    def ratio(findings):
        return median_of_ours(findings, lambda sample: sample.value / sample.conditions.stamp)

    return Target(case, bound, False, "x cache line", ratio)


def by_itself(case, bound, at_least, unit, value=lambda sample: sample.value):
    return Target(case, bound, at_least, unit, lambda findings: median_of_ours(findings, value))


TARGETS = [
    against("tx-64-first", "memif-zc", 2.2, True),
    against("tx-1518-all", "memif-zc", 1.5, True),
    against("tx-1518-all-zc", "memif-zc", 1.5, True),
    against("tx-1518-all", "one-copy", 0.8, True),
    against("tx-1518-first-zc", "memif-zc", 2.5, True),
    against("rtt-64", "memif-zc", 0.6, False),
    against_the_line("rtt-64", 1.15),
    by_itself("rtt-64", 500, False, "ns at p99.9", lambda sample: sample.ends[-1]["rtt_ns_p99_9"]),
    against("msg-tx-64K", "ucx", 1.4, True),
    against("msg-tx-64K", "ucx-posix", 1.4, True),
    against("msg-tx-64K", "one-copy", 0.85, True),
    against("idle-peers", "alone", 0.9, True),
    by_itself("stopped", 0.9, True, "x before"),
    by_itself("doorbells", 0, False, "doorbells"),
    against("wake", "eventfd", 1.15, False),
    by_itself("idle-cpu", 1, False, "%"),
    by_itself("mail", 20_000, True, "/s"),
]


def verdicts(findings):
    """(target, case, figure) of each target that can be judged."""
    found = []
    for target in TARGETS:
        of_case = [finding for finding in findings if finding.case.name == target.case]
        value = target.figure(of_case)
        if value is not None:
            found.append((target, of_case[0].case, value))
    return found
