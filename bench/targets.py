# SPDX-License-Identifier: BSD-3-Clause
"""Where net_famez has to be, against a rival in the same run or against the cache line."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    case: str
    rival: str
    bound: float
    at_least: bool  # or at most

    def met_by(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self):
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g} x {self.rival}"


TARGETS = [
    Target("tx-64-first", "memif-zc", 2.2, True),
    Target("tx-1518-all", "memif-zc", 1.5, True),
    Target("tx-1518-first", "memif-zc", 2.5, True),
    Target("rtt-64", "memif-zc", 0.6, False),
    Target("rtt-64", "cache line", 1.15, False),
]


def against(comparison, target):
    """The figure that the target speaks of, or None if it is of something else."""
    if target.case != comparison.case.name or not comparison.pairs:
        return None
    if target.rival == comparison.rival:
        return comparison.ratio()
    if target.rival == "cache line" and comparison.rival == "memif-zc":
        return comparison.median("ours") / comparison.stamp()
    return None


def verdicts(comparisons):
    """(target, case's title, figure) of each target that can be judged."""
    return [
        (target, comparison.case.title, value)
        for target in TARGETS
        for comparison in comparisons
        if (value := against(comparison, target)) is not None
    ]
