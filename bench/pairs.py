# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of figures, one of ours and one of a rival's, taken in turn under the same conditions."""

import dataclasses
import statistics

from machine import same_pace


@dataclasses.dataclass
class Pair:
    ours: object  # Sample
    rival: object

    def faults(self):
        found = self.ours.faults() + self.rival.faults()
        if not found and not same_pace([self.ours.conditions.stamp, self.rival.conditions.stamp]):
            found.append("mixed stamps")
        return sorted(set(found))

    def ratio(self):
        return self.ours.value / self.rival.value


@dataclasses.dataclass
class Comparison:
    """Of one case with one rival."""

    case: object
    rival: str
    pairs: list  # those that count
    rejected: list  # the faults of each of the others

    def ratio(self):
        return statistics.median(pair.ratio() for pair in self.pairs)

    def ratios(self):
        return [pair.ratio() for pair in self.pairs]

    def median(self, side):
        return statistics.median(getattr(pair, side).value for pair in self.pairs)

    def stamp(self):
        return statistics.median(pair.ours.conditions.stamp for pair in self.pairs)


def compare(case, rival, take, wanted, tries, progress=lambda text: None):
    """`take(who, case)` gives a Sample; who is "ours" or the rival. The order changes with each pair,
    so that neither is always first. Ends with `wanted` good pairs, or after `tries`."""
    comparison = Comparison(case, rival.name, [], [])
    for number in range(tries):
        if len(comparison.pairs) == wanted:
            break
        order = ["ours", rival] if number % 2 == 0 else [rival, "ours"]
        samples = {who if who == "ours" else "rival": take(who, case) for who in order}
        pair = Pair(**samples)
        faults = pair.faults()
        if faults:
            comparison.rejected.append(faults)
        else:
            comparison.pairs.append(pair)
        verdict = f"thrown away: {', '.join(faults)}" if faults else f"ratio {pair.ratio():.2f}"
        progress(f"{case.title}, {rival.name}: {pair.ours.value:.4g} and {pair.rival.value:.4g} "
                 f"{case.unit}, {verdict}")  # fmt: skip
    return comparison
