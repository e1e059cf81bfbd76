# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench: what it throws away, and what it makes of the rest."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))

# pylint: disable=wrong-import-position
import cases  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
from machine import Conditions, Watch  # noqa: E402
from measure import Sample  # noqa: E402
from pairs import Comparison, Pair, Series  # noqa: E402
from targets import TARGETS, verdicts  # noqa: E402


def case(name):
    return next(one for one in cases.ALL if one.name == name)


def rival(name):
    return next(one for one in cases.all_rivals() if one.name == name)


CASE = case("tx-64-first")


def conditions(**changes):
    good = {"stamp_before": 100.0, "stamp_after": 110.0, "foreign": 0.0, "steal": 0.0,
            "switches": 1.0}  # fmt: skip
    return Conditions(**{**good, **changes})


def sample(value, said=None, **changes):
    return Sample(value, conditions(**changes), [{}, said or {"some": "thing"}])


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
    assert conditions(**changes, accepted=True).faults() == []
    assert conditions().faults() == []


# ---- pairs ----


def comparison_of(values, wanted=2, tries=4, of=CASE, against="memif-zc"):
    """values: what is measured, in turn; the order of who is measured is noted."""
    turns, asked = iter(values), []

    def take(who, _case):
        asked.append(who.name)
        return next(turns)

    found = Comparison(of, rival(against))
    found.measure(take, wanted, tries)
    return found, asked


def series_of(name, *values):
    found = Series(case(name))
    turns = iter(values)
    found.measure(lambda _who, _case: next(turns), len(values), len(values))
    return found


def test_pairs_alternate():
    found, asked = comparison_of([sample(20), sample(10), sample(11), sample(44)])
    assert asked == ["net_famez", "memif-zc", "memif-zc", "net_famez"]
    assert found.ratios() == [2.0, 4.0] and found.ratio() == 3.0
    assert (found.value(), found.rival_value()) == (32, 10.5)


def test_a_bad_sample_costs_its_pair():
    found, _ = comparison_of([sample(20, steal=0.5), sample(10), sample(10), sample(30),
                              sample(50), sample(10)])  # fmt: skip
    assert found.ratios() == [3.0, 5.0]
    assert found.rejected == [["steal"]] and found.tried() == 3


def test_both_of_a_pair_have_the_same_pace():
    slow = {"stamp_before": 400.0, "stamp_after": 400.0}
    found, _ = comparison_of([sample(20), sample(10, **slow)], tries=1)
    assert not found.pairs and found.rejected == [["mixed stamps"]]
    assert "nothing under equal conditions" in report.table([found])
    assert json.loads(report.as_json([found]))["findings"][0]["ratio"] is None


def test_time_ends_it():
    turns = iter([True, True, False])
    found = Comparison(CASE, rival("memif-zc"))
    found.measure(lambda _who, _case: sample(10, steal=0.5), 5, 9, in_time=lambda: next(turns))
    assert found.tried() == 2 and not found.pairs


def test_a_bad_sample_of_ours_alone_is_thrown_away():
    found = series_of("mail", sample(30_000), sample(10, steal=0.5), sample(50_000))
    assert found.value() == 40_000 and found.rejected == [["steal"]]


# ---- what is made of it ----


def test_report():
    found, _ = comparison_of([sample(20), sample(10), sample(11), sample(44)])
    assert "3.00" in report.table([found])
    [(target, _, value)] = verdicts([found])
    assert target.bound == 2.2 and value == 3.0 and target.met_by(value)
    assert report.judgement([found]).startswith("met ")
    told = json.loads(report.as_json([found], ["ucx: it was not built"]))
    assert told["targets"][0]["met"] is True
    assert told["findings"][0]["pairs"][0]["ours"]["value"] == 20
    assert told["left_out"] == ["ucx: it was not built"]


def test_csv_has_all_findings():
    found, _ = comparison_of([sample(20), sample(10), sample(11), sample(44)])
    file = io.StringIO()
    report.write_csv([found, series_of("doorbells", sample(0))], file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["ratio"] for row in rows] == ["2.0", "4.0", ""]
    assert [row["rival"] for row in rows] == ["memif-zc", "memif-zc", ""]


def test_targets_against_the_line_and_by_themselves():
    good = {"rtt_ns_p99_9": 400.0}
    found, _ = comparison_of([sample(115, good), sample(300), sample(300), sample(126, good)],
                             of=case("rtt-64"))  # fmt: skip
    by_text = {str(target): value for target, _, value in verdicts([found])}
    assert by_text["at most 500 ns at p99.9"] == 400.0
    assert by_text["at most 1.15 x cache line"] == pytest.approx((115 + 126) / 2 / 105)


@pytest.mark.parametrize(
    "name, value, met",
    [("doorbells", 0, True), ("doorbells", 1, False), ("mail", 19_999, False), ("mail", 0, False),
     ("mail", 20_000, True), ("idle-cpu", 1.2, False), ("stopped", 0.95, True)],
)  # fmt: skip
def test_targets_of_ours_alone(name, value, met):
    found = series_of(name, sample(value))
    [(target, _, seen)] = verdicts([found])
    assert target.met_by(seen) is met
    assert report.judgement([found]).startswith("met " if met else "NOT MET ")


def test_each_target_is_of_a_case_and_its_rival():
    for target in TARGETS:
        rivals = [one.name for one in case(target.case).rivals]
        word = target.than.removeprefix("x ")
        assert word in rivals or target.than in ("x cache line", "x before") or word == target.than


# ---- the machine ----


def test_a_child_is_no_foreigner():
    with Watch(["echo", "100"]) as watch:
        subprocess.run([sys.executable, "-c", "for i in range(3000000): pass"], check=True)
    assert watch.conditions.stamp == 100.0
    assert watch.conditions.foreign < 1.0


# ---- pictures ----


def found_for_pictures():
    times = {f"rtt_ns_{key}": 100.0 * i for i, key in enumerate(plots.PERCENTILES, 1)}
    rates = {"rate_gbit_per_s": 80.0}
    found = []
    for name, said, value in (("rtt-64", times, 120), ("tx-64-first", rates, 100),
                              ("tx-1518-first", rates, 20), ("msg-tx-64", rates, 9),
                              ("msg-tx-64K", rates, 9)):  # fmt: skip
        comparison = Comparison(case(name), case(name).rivals[0])
        comparison.pairs = [Pair(sample(value, said), sample(2 * value, said))]
        found.append(comparison)
    return [*found, series_of("doorbells", sample(0))]


def test_pictures():
    drawn = plots.pictures(found_for_pictures())
    assert set(drawn) == {"latency-rtt-64", "throughput-frames-first", "throughput-messages",
                          "ratio"}  # fmt: skip
    assert "0 100\n1 200\n" in drawn["latency-rtt-64"]
    assert "64 10\n1518 10\n" in drawn["throughput-frames-first"]
    # Of round trips less is better.
    assert "4 2 2 2\n" in drawn["ratio"] and "3 0.5 0.5 0.5\n" in drawn["ratio"]
    assert plots.pictures([]) == {}


@pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not installed")
def test_gnuplot_takes_them(tmp_path):
    for path in plots.write(found_for_pictures(), tmp_path):
        with open(path, encoding="utf-8") as file:
            assert "</svg>" in file.read()


# ---- the command line ----


def run(*arguments):
    return subprocess.run([sys.executable, os.path.join(TOP, "bench"), *arguments],
                          capture_output=True, text=True, check=False)  # fmt: skip


def test_help_and_mistakes():
    assert "--quick" in run("--help").stdout
    for wrong in (["--pairs", "0"], ["--case", "none"], ["--rival", "none"]):
        assert run("--build-dir", "/nowhere", *wrong).returncode == 2
    absent = run("--build-dir", "/nowhere")
    assert absent.returncode == 1 and "tools/bench" in absent.stderr


def test_list_shows_all():
    shown = run("--list")
    assert shown.returncode == 0
    for one in [*cases.ALL, *cases.all_rivals()]:
        assert f"\n  {one.name} " in shown.stdout


def test_quick_is_of_what_there_is():
    for name, rivals in cases.QUICK.items():
        assert set(rivals) <= {one.name for one in case(name).rivals}


def test_names_are_unique():
    for named in (cases.ALL, cases.all_rivals()):
        assert len({one.name for one in named}) == len(named)
