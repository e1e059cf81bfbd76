# SPDX-License-Identifier: BSD-3-Clause
"""famez_pingpong at a rate, asleep, and its histogram files: two processes, one at each end."""

import re
import signal
import subprocess
import time

import pytest

from pingpong_pair import LINK, Pair, finished, only_row
from program_lib import settings
from program_lib.settings import slow
from program_lib.stage import results


# ---- --rate ----


def test_pings_at_a_rate(pair):
    pong = pair.a("pong", "--json", "--verify", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--rate", "2K", "--count", "1000", "--wait", "30")
    assert finished(ping) == 0
    assert finished(pong) == 0
    row = only_row(ping)
    assert row["ended"] == "count" and row["rate_wanted_msg_per_s"] == 2000
    # The warm-up is a tenth of a second.
    assert row["sent"] == row["received"] == only_row(pong)["received"] == 1200
    assert row["rtt_samples"] == 1000
    assert row["lost"] == row["corrupted"] == row["duplicated"] == 0
    assert row["elapsed_s"] > 0.45
    for key in ("min", "p50", "p99", "max", "mean"):
        assert row[f"rtt_ns_{key}"] >= row[f"service_ns_{key}"] > 0
    assert row["cpu_percent"] > 0 and row["sleep_by"] == "none"
    assert "service_ns_p50" not in only_row(pong)


def test_a_stream_at_a_rate(pair):
    rx = pair.a("rx", "--json", "--verify", "--size", "1514", "--wait", "30")
    tx = pair.b("tx", "--json", "--verify", "--rate", "4K", "--count", "1000", "--wait", "30",
                "--size", "64,15-1514:mixed")  # fmt: skip
    assert finished(tx) == 0
    assert finished(rx) == 0
    for sent, received in zip(results(tx), results(rx)):
        assert sent["sent"] == received["received"] == 1000
        assert received["lost"] == received["corrupted"] == 0
        assert sent["elapsed_s"] > 0.24


def test_messages_are_timed_from_when_they_were_due(pair):
    """A sender held up for a while must own to it: that is coordinated omission corrected."""
    pair.a("pong", "--wait", "30")
    ping = pair.b("ping", "--json", "--rate", "2K", "--duration", "5", "--wait", "30",
                  "--interval", "0.1")  # fmt: skip
    ping.expect_note(r"ping +\d+ messages", 30)
    ping.signal(signal.SIGSTOP)
    time.sleep(0.5)
    ping.signal(signal.SIGCONT)
    assert finished(ping) == 0
    row = only_row(ping)
    # A thousand were due while it stood still, and sent when it went on.
    assert row["rtt_ns_max"] > 0.4e9
    assert row["rtt_ns_p99"] > 0.1e9
    # A quarter of a second each, on average. Pong's own delays are in both means: they cancel out.
    held_up_s = (row["rtt_ns_mean"] - row["service_ns_mean"]) * 1e-9 * row["rtt_samples"]
    assert held_up_s > 0.8 * 1000 * 0.25
    assert row["lost"] == 0


# ---- --idle-us ----


def check_sleepers(ping, pong):
    assert finished(ping) == 0
    assert finished(pong) == 0
    row, other = only_row(ping), only_row(pong)
    assert row["lost"] == 0 and row["received"] == other["received"] == 1100
    # One a message and more, were it not for messages that come in a heap on a busy machine.
    assert other["sleeps"] > 100 and other["pauses"] == 0
    assert row["pauses"] + row["sleeps"] > 100
    # Who polls shows 100.
    assert 0 < other["cpu_percent"] < 70 and 0 < row["cpu_percent"] < 70
    return other["sleep_by"]


def test_sleeping_between_messages(pair):
    pong = pair.a("pong", "--json", "--verify", "--idle-us", "50", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--idle-us", "50", "--rate", "1K",
                  "--count", "1000", "--wait", "30")  # fmt: skip
    by = check_sleepers(ping, pong)
    # Told if and only if.
    told = re.search(r"has no receive interrupt \(.+\): --idle-us sleeps", pong.err.text)
    assert by == ("timer" if told else "interrupt")


@pytest.mark.skipif(LINK != "memif", reason="once is enough")
def test_sleeping_until_the_interrupt(stage):
    socket = stage.path("vhost")
    devices = [f"net_vhost0,iface={socket},queues=1", f"net_virtio_user0,path={socket}"]
    pair = Pair(stage, (devices, ["--single-file-segments"]))
    pong = pair.a("pong", "--json", "--verify", "--idle-us", "50", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--idle-us", "50", "--rate", "1K",
                  "--count", "1000", "--wait", "30")  # fmt: skip
    assert check_sleepers(ping, pong) == "interrupt"
    assert only_row(ping)["sleep_by"] == "interrupt"


def test_interrupting_a_sleeper(pair):
    """Both ends sleep nearly all the time; Ctrl-C and the end of the stream get through."""
    rx = pair.a("rx", "--csv", "--idle-us", "0", "--wait", "30", "--interval", "0.1")
    tx = pair.b("tx", "--idle-us", "0", "--rate", "20", "--duration", "1000", "--wait", "30")
    rx.expect_note(r"rx +[1-9]\d* messages", 30)
    tx.signal(signal.SIGINT)
    assert finished(tx, 10) == 0
    assert finished(rx, 10) == 0
    assert re.search(r"CPU % +sleeps$", tx.out.text.splitlines()[0])
    header, row = (line.split(",") for line in rx.out.text.splitlines())
    values = dict(zip(header, row))
    assert int(values["sleeps"]) > 1 and float(values["cpu_percent"]) < 70


# ---- --hist ----


def test_histogram_files(pair):
    pong = pair.a("pong", "--wait", "30")
    ping = pair.b("ping", "--json", "--size", "64,128", "--count", "500", "--warmup", "100",
                  "--wait", "30", "--hist", pair.stage.path("rtt.hgrm"))  # fmt: skip
    assert finished(ping) == 0
    assert finished(pong) == 0
    for row in results(ping):
        with open(pair.stage.path(f"rtt-{row['size_bytes']}.hgrm"), encoding="ascii") as file:
            lines = file.read().splitlines()
        assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
        assert float(lines[2].split()[0]) == pytest.approx(row["rtt_ns_min"], rel=0.01)
        value, percentile, count = lines[-4].split()
        assert float(value) == pytest.approx(row["rtt_ns_max"], rel=0.001)
        assert float(percentile) == 1 and int(count) == 500
        assert re.fullmatch(r"#\[Max     = +[0-9.]+, Total count    = +500\]", lines[-2])


def test_a_histogram_that_cannot_be_written(tmp_path):
    path = tmp_path / "none" / "rtt.hgrm"
    done = subprocess.run(
        [settings.PINGPONG, "--", "ping", "--hist", path],
        capture_output=True,
        text=True,
        timeout=20 * slow(),
        check=False,
    )
    assert done.returncode == 1
    assert f"--hist: {path} cannot be written" in done.stderr
    # Told before anything is measured.
    assert "EAL:" not in done.stderr
