# SPDX-License-Identifier: BSD-3-Clause
"""What was found: pairs of figures, one of ours and one of a rival's, taken in turn under the same
conditions; or a series of ours alone."""

import dataclasses
import statistics

from machine import same_pace


def say_nothing(_text):
    pass


def always():
    return True


@dataclasses.dataclass
class Pair:
    ours: object  # Sample
    rival: object

    def faults(self):
        found = self.ours.faults() + self.rival.faults()
        stamps = [self.ours.conditions.stamp, self.rival.conditions.stamp]
        if not found and not self.ours.conditions.accepted and not same_pace(stamps):
            found.append("mixed stamps")
        return sorted(set(found))

    def ratio(self):
        return self.ours.value / self.rival.value


class Finding:
    """Of a case: good samples of ours, and the faults of what was thrown away."""

    def __init__(self, case):
        self.case = case
        self.rejected = []

    def ours(self):
        raise NotImplementedError

    def value(self):
        return statistics.median(sample.value for sample in self.ours())

    def stamp(self):
        return statistics.median(sample.conditions.stamp for sample in self.ours())

    def tried(self):
        return len(self.ours()) + len(self.rejected)

    def keep(self, found, store):
        """Says what became of it."""
        faults = found.faults()
        (self.rejected if faults else store).append(faults or found)
        return f"thrown away: {', '.join(faults)}" if faults else ""


class Comparison(Finding):
    """With one rival."""

    def __init__(self, case, rival):
        super().__init__(case)
        self.rival = rival
        self.pairs = []

    def measure(self, take, wanted, tries, progress=say_nothing, in_time=always):
        """`take(contestant, case)` gives a Sample. The order changes with each pair, so that
        neither is always first. Ends with `wanted` good pairs, after `tries`, or when it is no
        longer in time."""
        case = self.case
        for number in range(tries):
            if len(self.pairs) == wanted or not in_time():
                break
            order = [case.ours, self.rival] if number % 2 == 0 else [self.rival, case.ours]
            samples = {who.name: take(who, case) for who in order}
            pair = Pair(samples[case.ours.name], samples[self.rival.name])
            verdict = self.keep(pair, self.pairs) or f"ratio {pair.ratio():.2f}"
            progress(f"{case.title}, {self.rival.name}: {pair.ours.value:.4g} and "
                     f"{pair.rival.value:.4g} {case.unit}, {verdict}")  # fmt: skip

    def ours(self):
        return [pair.ours for pair in self.pairs]

    def ratios(self):
        return [pair.ratio() for pair in self.pairs]

    def ratio(self):
        return statistics.median(self.ratios())

    def rival_value(self):
        return statistics.median(pair.rival.value for pair in self.pairs)


class Series(Finding):
    """Nobody to compare with."""

    def __init__(self, case):
        super().__init__(case)
        self.samples = []

    def measure(self, take, wanted, tries, progress=say_nothing, in_time=always):
        for _ in range(tries):
            if len(self.samples) == wanted or not in_time():
                break
            sample = take(self.case.ours, self.case)
            verdict = self.keep(sample, self.samples)
            progress(f"{self.case.title}: {sample.value:.4g} {self.case.unit}"
                     f"{', ' if verdict else ''}{verdict}")  # fmt: skip

    def ours(self):
        return self.samples
