# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench: whom it starts how, and what it reads of what they say."""

import os
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
from surroundings import Background, BackgroundError  # noqa: E402


def case(name):
    return next(one for one in cases.ALL if one.name == name)


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
