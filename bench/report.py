# SPDX-License-Identifier: BSD-3-Clause
"""What was found, for people and for programs."""

import csv
import dataclasses
import json

from pairs import Comparison
from targets import verdicts

COLUMNS = ["case", "unit", "rival", "ours", "rival_value", "ratio", "cache_line_ns_ours",
           "cache_line_ns_rival"]  # fmt: skip


def comparisons(findings):
    return [finding for finding in findings if isinstance(finding, Comparison)]


def span(values):
    return f"{min(values):.2f}-{max(values):.2f}"


def table(findings):
    lines = [
        f"{'':46}{'rival':16}{'ours':>10}{'rival':>10}{'':5}{'ratio':>6}{'range':>12}"
        f"{'line, ns':>10}{'good':>7}",
    ]
    return "\n".join(lines + [row(finding) for finding in findings])


def row(finding):
    compared = isinstance(finding, Comparison)
    head = f"{finding.case.title:46}{finding.rival.name if compared else '-':16}"
    if not finding.ours():
        return f"{head}nothing under equal conditions, {len(finding.rejected)} thrown away"
    unit = f" {finding.case.unit:4}"
    end = f"{finding.stamp():10.0f}{len(finding.ours()):4}/{finding.tried()}"
    if not compared:
        return f"{head}{finding.value():10.4g}{'':10}{unit}{'':18}{end}"
    return (f"{head}{finding.value():10.4g}{finding.rival_value():10.4g}{unit}"
            f"{finding.ratio():6.2f}{span(finding.ratios()):>12}{end}")  # fmt: skip


def judgement(findings):
    return "\n".join(
        f"{'met' if target.met_by(value) else 'NOT MET':8}{case.title}: {target}, is {value:.4g}"
        for target, case, value in verdicts(findings)
    )


def sample_fields(sample):
    return {
        "value": sample.value,
        "conditions": dataclasses.asdict(sample.conditions),
        "ends": sample.ends,
    }


def finding_fields(finding):
    fields = {"case": finding.case.name, "unit": finding.case.unit,
              "ours": finding.case.ours.name}  # fmt: skip
    if isinstance(finding, Comparison):
        fields["rival"] = finding.rival.name
        fields["ratio"] = finding.ratio() if finding.pairs else None
        fields["pairs"] = [{"ours": sample_fields(pair.ours), "rival": sample_fields(pair.rival)}
                           for pair in finding.pairs]  # fmt: skip
    else:
        fields["samples"] = [sample_fields(sample) for sample in finding.ours()]
    return fields | {"thrown_away": finding.rejected}


def target_fields(target, case, value):
    return {
        "case": case.name,
        "target": str(target),
        "bound": target.bound,
        "at_least": target.at_least,
        "value": value,
        "met": target.met_by(value),
    }


def as_json(findings, left_out=()):
    return json.dumps(
        {
            "findings": [finding_fields(finding) for finding in findings],
            "targets": [target_fields(*verdict) for verdict in verdicts(findings)],
            "left_out": list(left_out),
        },
        indent=1,
    )


def write_csv(findings, file):
    """A line a good pair, or sample of ours alone."""
    out = csv.writer(file)
    out.writerow(COLUMNS)
    for finding in findings:
        case = finding.case
        if isinstance(finding, Comparison):
            for pair in finding.pairs:
                out.writerow([case.name, case.unit, finding.rival.name, pair.ours.value,
                              pair.rival.value, round(pair.ratio(), 4),
                              pair.ours.conditions.stamp, pair.rival.conditions.stamp])  # fmt: skip
        else:
            for sample in finding.ours():
                out.writerow([case.name, case.unit, "", sample.value, "", "",
                              sample.conditions.stamp, ""])  # fmt: skip
