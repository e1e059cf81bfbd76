# SPDX-License-Identifier: BSD-3-Clause
"""Lanes as queues: several each way, in any numbers; their statistics, interrupts, start and stop."""

import re

import pytest

from program_lib.processes import wait_until
from program_lib.settings import long_version
from program_lib.stage import results
from program_lib.testpmd import (
    command,
    end,
    statistics,
    stop_forwarding,
    stop_sending,
    wait_for_packets,
)

LANES = 4
FEW = 400_000
MANY = 40_000_000 if long_version() else 4_000_000


def stream(stage, tx_queues, rx_queues, count, *options, size="64"):
    """Verified messages from so many queues to so many; the rows of both ends."""
    common = ["--verify", "--json", "--wait", "60"]
    receiver = stage.pingpong("", "rx", *common, "--queues", rx_queues, *options)
    receiver.expect_note(r"Selected IOVA", 20)
    # Patient: nothing may be lost, even if the machine keeps the receiver waiting for a moment.
    sender = stage.pingpong("stall-ms=10000", "tx", *common, "--queues", tx_queues, "--size", size,
                            "--count", count, "--peer", "1")
    assert sender.wait(900 if count == MANY else 120) == 0
    assert receiver.wait() == 0
    (sent,) = results(sender)
    (came,) = results(receiver)
    assert sent["sent"] == came["received"] == sent["peer_received"] == count
    assert came["content_verified"]
    for fault in ("lost", "reordered", "corrupted", "duplicated"):
        assert came[fault] == sent[f"peer_{fault}"] == 0
    return sent, came


def of_queues(row, way, what="packets"):
    """A statistic of each queue, by number."""
    found = {}
    for name, value in row.items():
        match = re.fullmatch(rf"{way}_q(\d+)_{what}", name)
        if match:
            found[int(match.group(1))] = value
    return found


def check_spread(queues, count, messages):
    """All are used, and evenly: a burst each in turn."""
    assert len(queues) == count
    assert min(queues.values()) > 0.9 * messages / count - 100


@pytest.mark.parametrize("size", ["64", "64-9K:mixed"])
def test_four_queues_each_way(stage, size):
    stage.server("--lanes", LANES)
    count = MANY if size == "64" else FEW
    options = [] if size == "64" else ["--size", "9K"]
    sent, came = stream(stage, 4, 4, count, *options, size=size)
    check_spread(of_queues(sent["xstats"], "tx"), 4, count)
    check_spread(of_queues(came["xstats"], "rx"), 4, count)
    for row, way, port in ((sent, "tx", "o"), (came, "rx", "i")):
        for what in ("packets", "bytes"):
            total = sum(of_queues(row["xstats"], way, what).values())
            assert total == row["ethdev"][f"{port}{what}"]
    assert sent["xstats"]["tx_lanes_opened"] == 4
    assert "rx_lane_poisoned" not in came["xstats"]


@pytest.mark.parametrize("tx_queues, rx_queues", [(4, 1), (1, 4), (2, 3), (3, 2)])
def test_other_numbers_of_queues(stage, tx_queues, rx_queues):
    stage.server("--lanes", LANES)
    sent, came = stream(stage, tx_queues, rx_queues, FEW)
    check_spread(of_queues(sent["xstats"], "tx"), tx_queues, FEW)
    rx = of_queues(came["xstats"], "rx")
    # TX queue i is on lane i, and RX queue q takes lanes q, q + queues, ...
    used = {lane % rx_queues for lane in range(tx_queues)}
    assert {queue for queue, packets in rx.items() if packets > FEW // 10} == used
    for queue in used:
        lanes = len(range(queue, tx_queues, rx_queues))
        assert rx[queue] > 0.9 * FEW * lanes / tx_queues - 100


def test_as_many_queues_as_lanes(stage):
    stage.server("--lanes", 2)
    sender = stage.pingpong("", "tx", "--queues", 3)
    assert sender.wait() == 1
    assert "has 2 receive and 2 transmit queues at most" in sender.err.text


@pytest.mark.parametrize("vectors", [1, None])
def test_queues_that_sleep(stage, vectors):
    """With a doorbell for each queue, and with one for all."""
    stage.server("--lanes", LANES, *(["--vectors", vectors] if vectors else []))
    common = ["--verify", "--json", "--wait", "60", "--queues", 2]
    receiver = stage.pingpong("", "rx", *common, "--idle-us", 20)
    receiver.expect_note(r"Selected IOVA", 20)
    # Three times as many messages as the slow timer would find.
    sender = stage.pingpong("", "tx", *common, "--peer", 1, "--burst", 1,
                            "--rate", 100, "--count", 300)
    assert sender.wait(60) == 0
    assert receiver.wait() == 0
    (sent,) = results(sender)
    (came,) = results(receiver)
    assert came["received"] == 300 and came["lost"] == 0
    xstats = came["xstats"]
    check_spread(of_queues(xstats, "rx"), 2, 300)
    # One for nearly each message, were it not for a busy machine, where several can come in one sleep.
    # But nearly each doorbell that was rung was heard, of either queue.
    rung = sent["xstats"]["tx_doorbells"]
    assert rung > 50 and xstats["rx_sleeps"] > 50
    assert xstats["rx_doorbells"] > 0.8 * rung


def two_queues(stage):
    """Who takes (id 1) and who sends (id 2), on two queues."""
    queues = ["--rxq=2", "--txq=2", "--auto-start"]
    rx = stage.testpmd(["peer=2"], "--forward-mode=rxonly", *queues)
    tx = stage.testpmd(["peer=1"], "--forward-mode=txonly", *queues)
    wait_for_packets(rx, 1000)
    return rx, tx


def test_statistics_of_queues_add_up(stage):
    region = stage.region(stage.server("--lanes", LANES))
    rx, tx = two_queues(stage)
    wait_until(lambda: min(of_queues(statistics(rx), "rx").values()) > 0, 10, "frames on both queues")
    sent = stop_sending(tx)
    wait_for_packets(rx, sent["TX-packets"])
    came = statistics(rx)
    for row, way, total in ((sent, "tx", "TX-packets"), (came, "rx", "RX-packets")):
        queues = of_queues(row, way)
        assert len(queues) == 2 and min(queues.values()) > 0
        assert sum(queues.values()) == row[total]
        assert sum(of_queues(row, way, "bytes").values()) == row[total.replace("packets", "bytes")]
    wait_until(lambda: region.counters(2)["tx_messages"] == sent["TX-packets"], 10, "the region's")
    command(tx, "clear port stats 0")
    assert set(of_queues(statistics(tx), "tx").values()) == {0}
    for testpmd in (tx, rx):
        end(testpmd)


def test_a_stopped_queue_leaves_its_lanes_alone(stage):
    stage.server("--lanes", LANES)
    rx, tx = two_queues(stage)
    stop_forwarding(rx)
    command(rx, "port 0 rxq 1 stop")
    command(rx, "start")
    before = statistics(rx)
    # A link never gives frames up: that queue's sender waits, the other one goes on, with more frames
    # than lay in its lane.
    wait_until(lambda: statistics(rx)["rx_q0_packets"] > before["rx_q0_packets"] + 100_000, 20,
               "frames on queue 0")
    after = statistics(rx)
    assert after["rx_q1_packets"] == before["rx_q1_packets"]
    stop_forwarding(rx)
    command(rx, "port 0 rxq 1 start")
    command(rx, "start")
    wait_until(lambda: statistics(rx)["rx_q1_packets"] > after["rx_q1_packets"], 10,
               "frames on queue 1 again")
    for line in ("port 0 txq 1 stop", "port 0 txq 1 start"):
        stop_forwarding(tx)
        command(tx, line)
        command(tx, "start")
    wait_for_packets(rx, statistics(rx)["RX-packets"] + 1000)
    for testpmd in (tx, rx):
        end(testpmd)


def test_queues_can_be_shared_out_anew(stage):
    """A port that is configured again with other numbers keeps its epoch and its lanes."""
    stage.server("--lanes", LANES)
    rx, tx = two_queues(stage)
    for queues in (4, 1, 3, 2):
        stop_forwarding(rx)
        command(rx, "port stop 0", seconds=30)
        command(rx, f"port config all rxq {queues}")
        command(rx, "port start 0", seconds=30)
        before = statistics(rx)["RX-packets"]
        command(rx, "start")
        wait_for_packets(rx, before + 1000)
    assert statistics(tx)["tx_lanes_lost"] == 0
    for testpmd in (tx, rx):
        end(testpmd)
