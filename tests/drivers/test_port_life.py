# SPDX-License-Identifier: BSD-3-Clause
"""Ports start, stop, reset, close and come back in any order, and the traffic with them."""

import random

import pytest

from program_lib.processes import wait_until
from program_lib.testpmd import (
    command,
    end,
    received,
    statistics,
    stop_forwarding,
    wait_for_packets,
)


@pytest.fixture
def pair(stage):
    """A port that sends all the time, and the one that it sends to, which has a busy life."""
    stage.server()
    quiet = stage.testpmd(["peer=2"], "--forward-mode=txonly", "--auto-start")
    busy = stage.testpmd(["peer=1"], "--forward-mode=rxonly", "--auto-start")
    wait_for_packets(busy, 1000)
    yield quiet, busy
    end(busy)
    end(quiet)


def packets_come(testpmd, port=0, more=10_000):
    wait_for_packets(testpmd, received(testpmd, port) + more, port)


def test_stop_and_start(pair):
    _, busy = pair
    for _ in range(4):
        stop_forwarding(busy)
        command(busy, "port stop 0")
        command(busy, "port start 0")
        command(busy, "start")
        packets_come(busy)


def test_reset(pair):
    quiet, busy = pair
    for _ in range(3):
        stop_forwarding(busy)
        command(busy, "port stop 0")
        command(busy, "port reset 0")
        command(busy, "port start 0")
        command(busy, "start")
        packets_come(busy)
    # Each reset is a new epoch: the sender has opened a lane to each.
    assert statistics(quiet)["tx_lanes_opened"] >= 4


def test_close_detach_and_attach(stage, pair):
    quiet, busy = pair
    for _ in range(3):
        stop_forwarding(busy)
        command(busy, "port stop 0")
        command(busy, "port close 0")
        command(busy, "device detach net_famez0")
        assert "net_famez" not in command(busy, "show device info all")
        command(busy, f"port attach net_famez0,socket={stage.socket},peer=1",
                r"Port \d is attached")
        command(busy, "port start 0")
        command(busy, "start")
        packets_come(busy)
    assert statistics(quiet)["tx_lanes_opened"] >= 4


def test_a_port_closes_without_a_stop_and_the_program_ends_anyhow(stage):
    stage.server()
    for last in ("", "stop", "port close 0"):
        testpmd = stage.testpmd(["peer=2"], "--forward-mode=rxonly", "--auto-start")
        if last:
            testpmd.type(last)
        end(testpmd)


def test_any_order(stage):
    """What testpmd lets its user do with two ports that talk to each other, by dice."""
    stage.server()
    testpmd = stage.testpmd(["peer=2", "peer=1"], "--forward-mode=io", "--auto-start")
    dice = random.Random(20240229)
    steps = ["start", "stop", "port stop {0}", "port start {0}", "port reset {0}",
             "set link-up port {0}", "set promisc {0} on", "set promisc {0} off",
             "set allmulti {0} on", "clear port stats {0}", "clear port xstats {0}",
             "show port info {0}", "port config mtu {0} 1400", "port config mtu {0} 9000",
             "port stop all", "port start all"]
    for _ in range(120):
        command(testpmd, dice.choice(steps).format(dice.choice([0, 1])))
    # And both still work.
    command(testpmd, "stop")
    for line in ("port stop all", "port config mtu 0 1500", "port config mtu 1 1500",
                 "port start all", "set fwd io"):
        command(testpmd, line)
    first = received(testpmd)

    def packets_go_around():
        # The burst that goes ahead is lost when it comes before the lanes are open.
        command(testpmd, "stop")
        command(testpmd, "start tx_first")
        return received(testpmd) > first + 1000

    wait_until(packets_go_around, 20, "packets go around")
    end(testpmd)
