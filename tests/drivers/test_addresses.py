# SPDX-License-Identifier: BSD-3-Clause
"""Who hears what: addresses added at run time, multicast groups, promiscuous ports, broadcast."""

import signal
import time

import pytest

from program_lib import settings
from program_lib.frames import port_mac
from program_lib.processes import wait_until
from program_lib.stage import results, wait_for_state
from program_lib.testpmd import (
    command,
    end,
    received,
    statistics,
    stop_forwarding,
    wait_for_packets,
)

ADDED = "02:11:22:33:44:55"
GROUP = "01:00:5E:00:00:01"
BROADCAST = "ff:ff:ff:ff:ff:ff"
# Frames: more than lie in a lane, and so more than were under way before.
MANY = 20_000


def listener(stage, *commands):
    """A port that hears what is for it, no more (testpmd is promiscuous by itself)."""
    testpmd = stage.testpmd([""], "--forward-mode=rxonly", "--auto-start")
    for line in ("set promisc 0 off", *commands):
        command(testpmd, line)
    return testpmd


def talk_to(tx, address):
    """Sends to this address until told otherwise."""
    command(tx, "stop")
    command(tx, f"set eth-peer 0 {address}")
    command(tx, "clear port stats 0")
    command(tx, "start")


def expect_heard(tx, address, testpmd):
    """As soon as the sender has noticed."""
    talk_to(tx, address)
    wait_for_packets(testpmd, received(testpmd) + MANY)


def expect_unheard(tx, address, testpmd):
    """The same: there comes a time when many are sent, or dropped as nobody's, and none is heard."""
    talk_to(tx, address)

    def offered():
        values = statistics(tx)
        return values["TX-packets"] + values["tx_no_port_dropped"]

    def nothing_comes():
        before, enough = received(testpmd), offered() + MANY
        wait_until(lambda: offered() > enough, 10, "the sender goes on")
        return received(testpmd) == before

    wait_until(nothing_comes, 10, f"nothing for {address} comes")


def expect_dropped(tx, address):
    talk_to(tx, address)
    wait_until(lambda: statistics(tx)["tx_no_port_dropped"] > 1000, 10, "drops are counted")


def test_an_address_that_is_added_set_and_removed(stage):
    stage.server()
    rx = listener(stage)
    other = listener(stage)
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_dropped(tx, ADDED)
    command(rx, f"mac_addr add 0 {ADDED}")
    expect_heard(tx, ADDED, rx)
    assert received(other) == 0
    # The one that is derived from the id stays valid beside it, and beside another first one.
    expect_heard(tx, port_mac(1), rx)
    command(rx, "mac_addr set 0 02:00:00:00:99:99")
    expect_heard(tx, "02:00:00:00:99:99", rx)
    expect_heard(tx, port_mac(1), rx)
    command(rx, f"mac_addr remove 0 {ADDED}")
    expect_dropped(tx, ADDED)
    assert received(other) == 0
    for testpmd in (tx, other, rx):
        end(testpmd)


def test_addresses_live_through_stop_and_start(stage):
    stage.server()
    rx = listener(stage, f"mac_addr add 0 {ADDED}")
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, ADDED, rx)
    for line in ("stop", "port stop 0", "port start 0", "start"):
        command(rx, line)
    expect_heard(tx, ADDED, rx)
    for testpmd in (tx, rx):
        end(testpmd)


def test_nobody_takes_the_address_of_another_id(stage):
    stage.server()
    rx = listener(stage)
    start = len(rx.err.text)
    command(rx, f"mac_addr add 0 {port_mac(2)}")
    rx.expect_note(r"net_famez: .*fabric's port 2", 10, start)
    end(rx)


def test_another_fabrics_address_is_nobodys_or_who_adds_it(stage):
    stage.server("--fabric", "7")
    rx = listener(stage)
    other = listener(stage)
    assert port_mac(1, 7) in command(rx, "show port info 0").lower()
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, port_mac(1, 7), rx)
    # The same id in the fabric 0: nobody here, were it not for promiscuous ports.
    expect_dropped(tx, port_mac(1))
    expect_unheard(tx, port_mac(1), rx)
    assert received(other) == 0
    command(other, "set promisc 0 on")
    expect_heard(tx, port_mac(1), other)
    expect_unheard(tx, port_mac(1), rx)
    # What is derived here cannot be added, what is derived elsewhere can.
    start = len(rx.err.text)
    command(rx, f"mac_addr add 0 {port_mac(2, 7)}")
    rx.expect_note(r"net_famez: .*fabric's port 2", 10, start)
    command(rx, f"mac_addr add 0 {port_mac(1)}")
    expect_heard(tx, port_mac(1), rx)
    expect_unheard(tx, port_mac(1), other)
    for testpmd in (tx, other, rx):
        end(testpmd)


@pytest.mark.parametrize("api", ["ethdev", "fabric"])
def test_a_peer_is_a_port_of_ones_own_fabric(stage, api):
    region = stage.region(stage.server("--fabric", "7"))
    pong = stage.pingpong("", "pong", "--json", "--wait", "30")
    wait_for_state(region, 1, "up")
    options = ["ping", "--peer", "1", "--json", "--count", "1000", "--warmup", "0", "--wait", "30"]
    if api == "ethdev":
        ping = stage.pingpong("", *options)
    else:
        command_line = [settings.PINGPONG, "--api", "fabric", *options, "--socket", stage.socket]
        ping = stage.run("ping", command_line)
    assert ping.wait(60) == 0 and pong.wait(60) == 0
    assert results(ping)[0]["received"] == results(pong)[0]["received"] == 1000


def test_a_port_has_64_addresses(stage):
    stage.server()
    rx = listener(stage)
    for i in range(63):
        command(rx, f"mac_addr add 0 02:00:00:00:01:{i:02x}")
    start = len(rx.err.text)
    command(rx, f"mcast_addr add 0 {GROUP}")
    rx.expect_note(r"net_famez: .*64 addresses", 10, start)
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, "02:00:00:00:01:3e", rx)
    for testpmd in (tx, rx):
        end(testpmd)


def test_what_is_for_nobody_reaches_promiscuous_ports_only(stage):
    stage.server()
    quiet = listener(stage)
    curious = listener(stage, "set promisc 0 on")
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, ADDED, curious)
    assert received(quiet) == 0
    # What is for one port is nobody else's business.
    expect_heard(tx, port_mac(1), quiet)
    expect_unheard(tx, port_mac(1), curious)
    command(curious, "set promisc 0 off")
    expect_dropped(tx, ADDED)
    expect_unheard(tx, ADDED, quiet)
    for testpmd in (tx, curious, quiet):
        end(testpmd)


def test_a_group_reaches_who_joined_it_or_asked_for_all(stage):
    stage.server()
    deaf = listener(stage)
    member = listener(stage, f"mcast_addr add 0 {GROUP}")
    every = listener(stage, "set allmulti 0 on")
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, GROUP, member)
    expect_heard(tx, GROUP, every)
    expect_heard(tx, "01:00:5E:00:00:02", every)
    expect_unheard(tx, "01:00:5E:00:00:02", member)
    command(member, f"mcast_addr remove 0 {GROUP}")
    expect_unheard(tx, GROUP, member)
    assert received(deaf) == 0
    for testpmd in (tx, every, member, deaf):
        end(testpmd)


def test_broadcast_with_a_full_lane_delays_nobody(stage):
    stage.server()
    stuck = listener(stage)
    rx = listener(stage)
    tx = stage.testpmd([""], "--forward-mode=txonly")
    expect_heard(tx, BROADCAST, rx)
    # It lives but takes nothing: its lane fills. A sender that waited for it, were it for a tick only,
    # would take minutes for as many.
    stop_forwarding(stuck)
    wait_until(lambda: statistics(tx)["tx_flood_dropped"] > 0, 10, "a full lane")
    wait_for_packets(rx, received(rx) + 5 * MANY)
    # And one that does not even live: before the sender has noticed, and after.
    stuck.signal(signal.SIGSTOP)
    for _ in range(5):
        time.sleep(0.3)
        wait_for_packets(rx, received(rx) + MANY)
    stuck.signal(signal.SIGCONT)
    for testpmd in (tx, rx, stuck):
        end(testpmd)
