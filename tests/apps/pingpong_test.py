# SPDX-License-Identifier: BSD-3-Clause
"""famez_pingpong, whole: two processes, one at each end of a link (pingpong_pair.py says which)."""

import csv
import io
import os
import re
import signal
import subprocess
import time

import pytest

from pingpong_pair import finished, needs_a_link_that_survives, only_row
from program_lib import settings
from program_lib.settings import slow
from program_lib.stage import results

# A progress line with a rate that is not zero.
MOVING = r" +\d+ messages +(?!\s|0\.000000)"
RTT_KEYS = ["min", "p50", "p90", "p99", "p99_9", "p99_99", "max"]


def run_alone(*arguments):
    return subprocess.run(
        [settings.PINGPONG, *arguments],
        capture_output=True,
        text=True,
        timeout=20 * slow(),
        check=False,
    )


# ---- alone ----


@pytest.mark.parametrize("arguments", [["--help"], ["--", "--help"], ["-h"], ["--", "ping", "-h"]])
def test_help_needs_nothing(arguments):
    done = run_alone(*arguments)
    assert done.returncode == 0
    assert done.stderr == ""
    for word in ("--verify", "EXAMPLES", "EXIT STATUS", "net_memif", "net_famez"):
        assert word in done.stdout


def test_version():
    done = run_alone("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"famez_pingpong \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ping"],  # no --
        ["--"],
        ["--", "sing"],
        ["--", "ping", "--size", "3"],
        ["--", "tx", "--burst", "513"],
        ["--", "tx", "--json", "--csv"],
    ],
)
def test_mistakes_are_told_without_eal(arguments):
    done = run_alone(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "famez_pingpong: " in done.stderr and "EAL:" not in done.stderr


def test_no_port(stage):
    done = subprocess.run(
        [settings.PINGPONG, "--no-pci", "--no-huge", "-m", "64", "--no-telemetry", "--", "tx"],
        capture_output=True,
        text=True,
        timeout=20 * slow(),
        check=False,
        env={**os.environ, **stage.environment(stock=False)},
    )
    assert done.returncode == 1
    assert "there is no ethdev port" in done.stderr
    assert done.stdout == ""


def test_eal_refuses(stage):
    done = run_alone("--no-such-option", "--", "tx")
    assert done.returncode == 1
    assert "EAL did not start" in done.stderr
    # Its usage, a hundred lines, stays away.
    assert done.stdout == ""


# ---- in pairs ----


def test_ping_and_pong(pair):
    pong = pair.a("pong", "--json", "--verify", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--wait", "30", "--count", "5000",
                  "--warmup", "100")  # fmt: skip
    assert finished(ping) == 0
    assert finished(pong) == 0
    row = only_row(ping)
    assert row["sent"] == row["received"] == 5100
    assert row["rtt_samples"] == 5000
    assert row["ended"] == "count"
    assert row["size_bytes"] == 64 and row["burst"] == 1 and row["role"] == "ping"
    assert row["lost"] == row["late"] == row["corrupted"] == row["reordered"] == 0
    times = [row[f"rtt_ns_{key}"] for key in RTT_KEYS]
    assert times == sorted(times) and times[0] > 0
    assert times[0] <= row["rtt_ns_mean"] <= times[-1]
    assert 0 < row["rate_mmsg_per_s"] < 1000 and row["cycles_hz"] > 0
    other = only_row(pong)
    assert other["received"] == other["sent"] == 5100
    assert other["driver"] == row["driver"]


@pytest.mark.parametrize("size", ["15", "64", "15-9K:mixed"])
def test_bursts_of_pings(pair, size):
    pong = pair.a("pong", "--json", "--verify", "--size", "9K", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--size", size, "--burst", "64", "--count", "20000",
                  "--wait", "30")  # fmt: skip
    assert finished(ping) == 0
    assert finished(pong) == 0
    row = only_row(ping)
    assert row["sent"] == row["received"] == 30000
    assert row["peer_received"] == 30000


@pytest.mark.parametrize("size", ["15", "64", "9K", "15-9K:mixed"])
def test_every_byte_of_a_stream(pair, size):
    rx = pair.a("rx", "--json", "--verify", "--size", "9K", "--wait", "30")
    tx = pair.b("tx", "--json", "--verify", "--size", size, "--count", "200001", "--wait", "30")
    assert finished(tx) == 0
    assert finished(rx) == 0
    sent, received = only_row(tx), only_row(rx)
    assert sent["sent"] == received["received"] == sent["peer_received"] == 200001
    assert sent["frame_bytes"] == received["frame_bytes"]
    assert sent["peer_verified"] is True
    for key in ("lost", "duplicated", "reordered", "corrupted"):
        assert received[key] == sent[f"peer_{key}"] == 0
    assert received["ended"] == "end_of_stream"
    if received["api"] == "ethdev":
        assert received["ethdev"]["ipackets"] >= 200001
    else:
        assert received["fabric"]["rx_messages"] >= 200001
    assert received["rate_gbit_per_s"] > 0


@pytest.mark.parametrize("touch", ["none", "first", "all"])
def test_whatever_the_receiver_touches(pair, touch):
    rx = pair.a("rx", "--json", "--touch", touch, "--wait", "30")
    # 118 is a control frame's own size.
    tx = pair.b("tx", "--json", "--size", "64,118,1514", "--count", "30000", "--wait", "30",
                "--burst", "512", "--warmup", "1000")  # fmt: skip
    assert finished(tx) == 0
    assert finished(rx) == 0
    assert [row["received"] for row in results(rx)] == [31000] * 3
    assert [row["size_bytes"] for row in results(rx)] == [64, 118, 1514]
    assert [row["lost"] for row in results(rx)] == [0] * 3


def test_a_sender_that_writes_no_pattern(pair):
    rx = pair.a("rx", "--json", "--verify", "--wait", "30")
    tx = pair.b("tx", "--json", "--count", "5000", "--wait", "30")
    assert finished(tx) == 0
    assert finished(rx) == 0
    assert "only sequence and length are checked" in rx.err.text
    row = only_row(rx)
    assert row["content_verified"] is False
    assert row["received"] == 5000 and row["corrupted"] == row["lost"] == 0
    assert only_row(tx)["peer_verified"] is False


def test_table_and_csv(pair):
    rx = pair.a("rx", "--wait", "30")
    tx = pair.b("tx", "--csv", "--size", "64-256", "--count", "1000", "--wait", "30")
    assert finished(tx) == 0
    assert finished(rx) == 0
    rows = list(csv.DictReader(io.StringIO(tx.out.text)))
    assert [row["size_bytes"] for row in rows] == ["64", "128", "256"]
    assert all(row["sent"] == row["peer_received"] == "1000" for row in rows)
    lines = rx.out.text.splitlines()
    assert lines[0].split()[:2] == ["size", "B"]
    assert [line.split()[3] for line in lines[1:4]] == ["1000"] * 3
    assert re.match(r"port [01]: ", lines[4])


def test_interrupting_the_sender_ends_both(pair):
    rx = pair.a("rx", "--json", "--verify", "--wait", "30")
    tx = pair.b("tx", "--json", "--verify", "--wait", "30", "--duration", "1000",
                "--interval", "0.2")  # fmt: skip
    tx.expect_note("tx" + MOVING, 30)
    tx.signal(signal.SIGINT)
    assert finished(tx) == 0
    assert finished(rx) == 0
    row = only_row(tx)
    assert row["ended"] == "interrupted"
    assert row["sent"] == only_row(rx)["received"] > 0
    assert only_row(rx)["lost"] == 0


@needs_a_link_that_survives
def test_interrupting_the_receiver_gives_its_summary(pair):
    rx = pair.a("rx", "--json", "--verify", "--wait", "30", "--interval", "0.2")
    tx = pair.b("tx", "--json", "--verify", "--wait", "30", "--duration", "1000")
    rx.expect_note("rx" + MOVING, 30)
    # Also by SIGTERM.
    rx.signal(signal.SIGTERM)
    assert finished(rx) == 0
    assert only_row(rx)["ended"] == "interrupted"
    assert only_row(rx)["received"] > 0 and only_row(rx)["corrupted"] == 0
    tx.expect_note(r"link down|nothing was taken", 10)
    tx.signal(signal.SIGINT)
    assert finished(tx) == 0


@needs_a_link_that_survives
def test_limits_of_the_receiver(pair):
    rx = pair.a("rx", "--json", "--count", "5000", "--wait", "30")
    tx = pair.b("tx", "--json", "--duration", "1000", "--wait", "30")
    assert finished(rx) == 0
    assert 5000 <= only_row(rx)["received"] < 6000
    assert only_row(rx)["ended"] == "count"
    tx.signal(signal.SIGINT)
    finished(tx)


@needs_a_link_that_survives
def test_staying_for_the_next_sender(pair):
    rx = pair.a("rx", "--json", "--verify", "--stay", "--wait", "30")
    for count in ("1000", "2000"):
        tx = pair.b("tx", "--verify", "--count", count, "--wait", "30")
        assert finished(tx) == 0
    rx.signal(signal.SIGINT)
    assert finished(rx) == 0
    assert [row["received"] for row in results(rx)] == [1000, 2000]
    # That a sender leaves after its end is no news.
    assert "link down" not in rx.err.text


def test_nobody_there(pair):
    alone = pair.a("tx", "--wait", "1")
    assert finished(alone) == 1
    assert re.search(r"link of port [01] .* stayed down|no rx answered within 1 s", alone.err.text)


@needs_a_link_that_survives
def test_the_wrong_partner(pair):
    pair.a("rx", "--json", "--wait", "30")
    ping = pair.b("ping", "--wait", "10")
    assert finished(ping) == 1
    assert "the other end is not pong" in ping.err.text


def test_a_stopped_receiver_is_noticed(pair):
    rx = pair.a("rx", "--json", "--verify", "--wait", "30", "--interval", "0.2")
    tx = pair.b("tx", "--json", "--verify", "--wait", "30", "--duration", "1000")
    rx.expect_note("rx" + MOVING, 30)
    rx.signal(signal.SIGSTOP)
    tx.expect_note(r"nothing was taken for|link down")
    rx.signal(signal.SIGCONT)
    tx.expect_note(r"going on after")
    time.sleep(0.2)
    tx.signal(signal.SIGINT)
    finished(tx)
    finished(rx)
    row = only_row(rx)
    assert row["corrupted"] == row["duplicated"] == row["reordered"] == 0
    assert only_row(tx)["stalls"] + only_row(tx)["link_downs"] >= 1


def test_pings_to_a_stopped_pong_are_lost(pair):
    pong = pair.a("pong", "--wait", "30")
    ping = pair.b("ping", "--json", "--wait", "30", "--duration", "1000", "--interval", "0.2")
    ping.expect_note("ping" + MOVING, 30)
    pong.signal(signal.SIGSTOP)
    ping.expect_note(r"nothing came for|link down")
    time.sleep(2.2)  # answers are given up after two seconds
    pong.signal(signal.SIGCONT)
    ping.expect_note(r"going on after")
    ping.signal(signal.SIGINT)
    assert finished(ping) == 0
    row = only_row(ping)
    assert row["lost"] >= 1
    assert row["received"] + row["lost"] == row["sent"]


# ---- deaths ----


@needs_a_link_that_survives
@pytest.mark.parametrize("sender", ["tx", "ping"])
def test_a_killed_sender_is_replaced(pair, sender):
    role = "rx" if sender == "tx" else "pong"
    receiver = pair.a(role, "--json", "--verify", "--stay", "--wait", "30", "--interval", "0.2")
    start = 0
    for _ in range(3):
        victim = pair.b(sender, "--verify", "--wait", "30", "--duration", "1000")
        if start:
            start = receiver.expect_note(r"link up", 30, start).end()
        receiver.expect_note(role + MOVING, 30, start)
        start = len(receiver.err.text)
        victim.kill()
        receiver.expect_note(r"link down|nothing came for", start=start)
    last = pair.b(sender, "--verify", "--wait", "30", "--count", "1000", "--warmup", "0")
    assert finished(last) == 0
    receiver.signal(signal.SIGINT)
    assert finished(receiver) == 0
    rows = results(receiver)
    assert [row["ended"] for row in rows] == ["abandoned"] * 3 + ["end_of_stream"]
    assert rows[-1]["received"] == 1000
    assert all(row["corrupted"] == row["duplicated"] == row["lost"] == 0 for row in rows)


@needs_a_link_that_survives
def test_a_killed_receiver_is_replaced(pair):
    rx = pair.a("rx", "--verify", "--wait", "30", "--interval", "0.2")
    tx = pair.b("tx", "--json", "--verify", "--wait", "30", "--duration", "1000")
    rx.expect_note("rx" + MOVING, 30)
    rx.kill()
    time.sleep(0.5)
    rx = pair.a("rx", "--json", "--verify", "--wait", "30", "--interval", "0.2")
    rx.expect_note("rx" + MOVING, 30)
    tx.signal(signal.SIGINT)
    assert finished(tx) == 0
    assert finished(rx) == 0
    row = only_row(rx)
    assert row["ended"] == "end_of_stream"
    assert row["received"] > 0 and row["lost"] == row["corrupted"] == row["reordered"] == 0
