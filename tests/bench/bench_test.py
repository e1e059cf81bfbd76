# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench: what it throws away, and what it makes of the rest."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))

# pylint: disable=wrong-import-position
import contestants  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
from machine import Conditions, Watch  # noqa: E402
from pairs import compare  # noqa: E402
from targets import verdicts  # noqa: E402

CASE = measure.throughput(64, "first")
MEMIF_ZC = next(rival for rival in contestants.RIVALS if rival.name == "memif-zc")


def conditions(**changes):
    good = {"stamp_before": 100.0, "stamp_after": 110.0, "foreign": 0.0, "steal": 0.0,
            "switches": 1.0}  # fmt: skip
    return Conditions(**{**good, **changes})


def sample(value, **changes):
    return measure.Sample(value, conditions(**changes), {"some": "thing"})


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"stamp_after": 400.0}, "mixed stamps"),
        ({"foreign": 0.1}, "foreign load"),
        ({"steal": 0.02}, "steal"),
        ({"switches": 2000.0}, "switches"),
    ],
)
def test_bad_conditions_have_a_name(changes, fault):
    assert conditions(**changes).faults() == [fault]
    assert conditions().faults() == []


def comparison_of(values, wanted=2, tries=4):
    """values: what is measured, in turn; the order of who is measured is noted."""
    turns, asked = iter(values), []

    def take(who, _case):
        asked.append("ours" if who == "ours" else who.name)
        return next(turns)

    return compare(CASE, MEMIF_ZC, take, wanted, tries), asked


def test_pairs_alternate():
    found, asked = comparison_of([sample(20), sample(10), sample(11), sample(44)])
    assert asked == ["ours", "memif-zc", "memif-zc", "ours"]
    assert found.ratios() == [2.0, 4.0] and found.ratio() == 3.0
    assert (found.median("ours"), found.median("rival")) == (32, 10.5)


def test_a_bad_sample_costs_its_pair():
    found, _ = comparison_of(
        [sample(20, steal=0.5), sample(10), sample(10), sample(30), sample(50), sample(10)])  # fmt: skip
    assert found.ratios() == [3.0, 5.0]
    assert found.rejected == [["steal"]]


def test_both_of_a_pair_have_the_same_pace():
    slow = {"stamp_before": 400.0, "stamp_after": 400.0}
    found, _ = comparison_of([sample(20), sample(10, **slow)], tries=1)
    assert not found.pairs and found.rejected == [["mixed stamps"]]
    assert "no pair" in report.table([found])
    assert json.loads(report.as_json([found]))["comparisons"][0]["ratio"] is None


def test_report():
    found, _ = comparison_of([sample(20), sample(10), sample(11), sample(44)])
    assert "3.00" in report.table([found])
    [(target, _, value)] = verdicts([found])
    assert target.bound == 2.2 and value == 3.0 and target.met_by(value)
    assert report.judgement([found]).startswith("met ")
    told = json.loads(report.as_json([found]))
    assert told["targets"][0]["met"] is True
    assert told["comparisons"][0]["pairs"][0]["net_famez"]["value"] == 20
    file = io.StringIO()
    report.write_csv([found], file)
    assert [row["ratio"] for row in csv.DictReader(io.StringIO(file.getvalue()))] == ["2.0", "4.0"]


def test_a_child_is_no_foreigner():
    with Watch(["echo", "100"]) as watch:
        subprocess.run([sys.executable, "-c", "for i in range(3000000): pass"], check=True)
    assert watch.conditions.stamp == 100.0
    assert watch.conditions.foreign < 1.0


def test_help_and_mistakes():
    def run(*words):
        return subprocess.run([sys.executable, os.path.join(TOP, "bench"), *words],
                              capture_output=True, text=True, check=False)  # fmt: skip

    assert "--quick" in run("--help").stdout
    assert run("--build-dir", "/nowhere", "--pairs", "0").returncode == 2
    absent = run("--build-dir", "/nowhere")
    assert absent.returncode == 1 and "tools/bench" in absent.stderr
