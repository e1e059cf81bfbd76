# SPDX-License-Identifier: BSD-3-Clause
"""The comparisons for people, and for programs."""

import csv
import dataclasses
import json

from targets import verdicts


def span(values):
    return f"{min(values):.2f}-{max(values):.2f}"


def table(comparisons):
    lines = [
        f"{'':42}{'rival':16}{'net_famez':>10}{'rival':>10}{'':5}{'ratio':>6}{'range':>12}"
        f"{'line, ns':>10}{'pairs':>7}",
    ]
    for c in comparisons:
        head = f"{c.case.title:42}{c.rival:16}"
        if not c.pairs:
            lines.append(f"{head}no pair under equal conditions, {len(c.rejected)} thrown away")
            continue
        lines.append(
            f"{head}{c.median('ours'):10.4g}{c.median('rival'):10.4g} {c.case.unit:4}"
            f"{c.ratio():6.2f}{span(c.ratios()):>12}{c.stamp():10.0f}"
            f"{len(c.pairs):4}/{len(c.pairs) + len(c.rejected)}"
        )
    return "\n".join(lines)


def judgement(comparisons):
    lines = [
        f"{'met' if target.met_by(value) else 'NOT MET':8}{title}: {target}, is {value:.2f}"
        for target, title, value in verdicts(comparisons)
    ]
    return "\n".join(lines)


def sample_fields(sample):
    return {
        "value": sample.value,
        "conditions": dataclasses.asdict(sample.conditions),
        "famez_pingpong": sample.result,
    }


def as_json(comparisons):
    return json.dumps(
        {
            "comparisons": [
                {
                    "case": c.case.name,
                    "unit": c.case.unit,
                    "rival": c.rival,
                    "ratio": c.ratio() if c.pairs else None,
                    "pairs": [
                        {"net_famez": sample_fields(p.ours), "rival": sample_fields(p.rival)}
                        for p in c.pairs
                    ],
                    "thrown_away": c.rejected,
                }
                for c in comparisons
            ],
            "targets": [
                {
                    "case": target.case,
                    "rival": target.rival,
                    "bound": target.bound,
                    "at_least": target.at_least,
                    "value": value,
                    "met": target.met_by(value),
                }
                for target, _, value in verdicts(comparisons)
            ],
        },
        indent=1,
    )


def write_csv(comparisons, file):
    """A line a good pair."""
    out = csv.writer(file)
    out.writerow(["case", "unit", "rival", "net_famez", "rival_value", "ratio",
                  "cache_line_ns_famez", "cache_line_ns_rival"])  # fmt: skip
    for c in comparisons:
        for p in c.pairs:
            out.writerow([c.case.name, c.case.unit, c.rival, p.ours.value, p.rival.value,
                          round(p.ratio(), 4), p.ours.conditions.stamp,
                          p.rival.conditions.stamp])  # fmt: skip
