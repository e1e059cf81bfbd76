# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench: what it throws away, what it makes of the rest, and whom it starts how."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import types

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))

# pylint: disable=wrong-import-position
import alone  # noqa: E402
import cases  # noqa: E402
import contestants  # noqa: E402
import messages  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
from machine import Conditions, Watch  # noqa: E402
from measure import Sample  # noqa: E402
from pairs import Comparison, Pair, Series  # noqa: E402
from surroundings import Background, BackgroundError  # noqa: E402
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


# ---- figures of what the ends said ----


def test_figures():
    assert case("msg-tx-64K").figure([{}, {"rate_gbit_per_s": 80.0}]) == 10.0
    assert case("wake").figure([{}, {"rtt_ns_p50": 9, "service_ns_p50": 7}]) == 7
    assert case("wake").figure([{"rtt_ns_p50": 9}]) == 9
    ends = [{"xstats": {"rx_doorbells": 2, "rx_full": 7}}, {"xstats": {"tx_doorbells": 1}}]
    assert case("doorbells").figure(ends) == 3


@pytest.mark.parametrize(
    "lost, out_of_order, taken, rate",
    [(0, 0, 5, 9.0), (1, 0, 5, 0.0), (0, 1, 5, 0.0), (0, 0, 6, 0.0)],
)
def test_mail_counts_only_if_all_came_in_order(lost, out_of_order, taken, rate):
    seen = {"received": 5, "lost": lost, "out_of_order": out_of_order}
    assert case("mail").figure([{"verified": [seen]}, {"taken": taken, "rate": 9.0}]) == rate


def test_json_is_found_behind_other_words():
    parse = contestants.Contestant.parse
    assert parse('Log level set to: Error\n{"a": 1}\nbye\n') == {"a": 1}
    assert parse("") == {} and parse("no result\n") == {}


def test_ucx_perftest_tells_half_a_round_trip():
    text = """| Stage | # iterations | 50.0%ile | average | overall | average | overall |
Final:         1000000     0.105     0.110     0.112     554.2     554.2    9081000    8900000
"""
    final = messages.UcxPerftest.parse(text)
    assert final["rtt_ns_p50"] == pytest.approx(210) and final["rtt_samples"] == 1_000_000
    plain = text.replace("Final:", "")
    assert messages.UcxPerftest.parse(plain) == final
    assert messages.UcxPerftest.parse("Waiting for connection...\n") == {}


# ---- commands ----


def site(directory, **changes):
    names = ("pingpong", "server", "client", "crowd", "stopped", "build")
    tools = types.SimpleNamespace(**{name: f"/b/{name}" for name in names},
                                  environment=lambda _: dict(os.environ))  # fmt: skip
    return contestants.Site(tools, (4, 6), 1.5, str(directory), **changes)


def words(command):
    return " ".join(map(str, command))


@pytest.mark.parametrize("one", cases.ALL, ids=lambda one: one.name)
def test_every_contestant_has_its_ends(one, tmp_path):
    for who in (one.ours, *one.rivals):
        ends = who.ends(one, site(tmp_path))
        assert 1 <= len(ends) <= 2
        # On the processors that were given, and no others.
        assert any("4" in map(str, end) for end in ends[:1])
        assert "{" not in words(sum(ends, []))
        list(who.surroundings(site(tmp_path)))


def test_all_bytes_are_touched_at_both_ends(tmp_path):
    one = case("msg-tx-64K")
    receiver, sender = messages.FABRIC.ends(one, site(tmp_path))
    assert "rx --touch all" in words(receiver) and "--cpu 4" in words(receiver)
    assert "tx --verify" in words(sender) and "--size 65536" in words(sender)
    receiver, sender = messages.UCX.ends(one, site(tmp_path))
    assert "rx" in receiver and "--touch all" in words(receiver)
    assert "tx" in sender and "--write all" in words(sender)


def test_warm_up_is_no_longer_than_what_it_warms(tmp_path):
    for name, count in (("msg-rtt-64", 10_000), ("msg-rtt-1M", 64)):
        assert f"--warmup {count} " in words(messages.FABRIC.ends(case(name), site(tmp_path))[1])


def test_zero_copy_asks_for_it_at_both_ends(tmp_path):
    receiver, sender = case("tx-1518-first-zc").ours.ends(case("tx-1518-first-zc"), site(tmp_path))
    assert "trust=all" in words(receiver) and words(sender).split(" -- ")[1].endswith("--zero-copy")
    assert "--zero-copy" not in words(receiver)


def test_rings(tmp_path):
    def command(who, **changes):
        return words(who.surroundings(site(tmp_path, **changes))[0].command)

    assert "--ring-size" not in command(contestants.FAMEZ)
    assert "--ring-size 4M" in command(messages.FABRIC)
    for who in (contestants.FAMEZ, messages.FABRIC, alone.CROWDED):
        assert "--ring-size 1M" in command(who, ring_size="1M")


def test_company(tmp_path):
    _, crowd = alone.CROWDED.surroundings(site(tmp_path))
    assert words(crowd.command).endswith("fabric 62 63 64")
    assert "--peer 63" in words(alone.CROWDED.ends(case("idle-peers"), site(tmp_path))[1])
    assert len(alone.NO_COMPANY.surroundings(site(tmp_path))) == 1


def test_a_rival_that_is_not_built_is_named(tmp_path):
    reason = messages.LIBFABRIC.missing(types.SimpleNamespace(build=str(tmp_path)))
    assert "libfabric-dev" in reason


def test_who_does_not_start_says_why():
    with pytest.raises(BackgroundError, match="sh did not start: no room"):
        with NeverReady(["sh", "-c", "echo no room >&2"]):
            pass


class NeverReady(Background):
    def ready(self):
        return False


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
