# SPDX-License-Identifier: BSD-3-Clause
"""Stock testpmd between net_famez ports of several processes."""

import re

import pytest

from program_lib.processes import wait_until
from program_lib.stage import results
from program_lib.testpmd import (
    command,
    end,
    link_is_up,
    received,
    statistics,
    stop_forwarding,
    stop_sending,
    wait_for_packets,
)

ENOUGH = 100_000
BROADCAST = "ff:ff:ff:ff:ff:ff"

# Frames of 9000 bytes in parts, from and into buffers of 2 KB.
JUMBO = ["--max-pkt-len=9018", "--mbuf-size=2176", "--enable-scatter"]
JUMBO_TX = ["--txpkts=2000,2000,2000,2000,1000", "--tx-offloads=0x8000"]


def mac(port):
    return f"02:fa:3e:00:{port >> 8:02x}:{port & 255:02x}"


def devargs(mode, peer):
    return f"peer={peer}" if mode == "link" else ""


def to(mode, port, peer):
    """testpmd's option that makes ethdev `port` send to the fabric's `peer`."""
    return [] if mode == "link" else [f"--eth-peer={port},{mac(peer)}"]


def sink(stage, arguments, *options):
    return stage.testpmd([arguments], "--forward-mode=rxonly", "--auto-start", *options)


def source(stage, arguments, *options):
    return stage.testpmd([arguments], "--forward-mode=txonly", "--auto-start", *options)


def expect_all(testpmd, packets, port=0):
    """Exactly so many are received in the end."""
    wait_for_packets(testpmd, packets, port)
    values = statistics(testpmd, port)
    assert values["RX-packets"] == packets > 0
    assert values["RX-errors"] == values["RX-nombuf"] == 0
    return values


@pytest.mark.parametrize("mode", ["link", "fabric"])
def test_what_one_process_sends_the_other_receives(stage, mode):
    stage.server()
    rx = sink(stage, devargs(mode, 2))
    tx = source(stage, devargs(mode, 1), *to(mode, 0, 1))
    wait_until(lambda: link_is_up(rx) and link_is_up(tx), 10, "links up")
    wait_for_packets(rx, ENOUGH)
    sent = stop_sending(tx)
    came = expect_all(rx, sent["TX-packets"])
    assert came["RX-bytes"] == sent["TX-bytes"] == 64 * sent["TX-packets"]
    end(tx)
    if mode == "link":
        wait_until(lambda: not link_is_up(rx), 10, "link down")
    end(rx)


@pytest.mark.parametrize("mode", ["link", "fabric"])
def test_a_third_process_forwards(stage, mode):
    stage.server()
    tx = source(stage, devargs(mode, 2), *to(mode, 0, 2))
    middle = stage.testpmd(
        [devargs(mode, 1), devargs(mode, 4)],
        f"--forward-mode={'io' if mode == 'link' else 'mac'}",
        "--auto-start",
        *to(mode, 0, 1),
        *to(mode, 1, 4),
    )
    rx = sink(stage, devargs(mode, 3))
    wait_for_packets(rx, ENOUGH)
    came = expect_all(middle, stop_sending(tx)["TX-packets"])
    report = stop_forwarding(middle)
    went = statistics(middle, 1)
    # testpmd drops what a full lane does not take; nothing goes missing beside that.
    accumulated = report[report.index("Accumulated") :]
    dropped = int(re.search(r"TX-dropped: (\d+)", accumulated).group(1))
    assert came["RX-packets"] == went["TX-packets"] + dropped
    expect_all(rx, went["TX-packets"])
    for testpmd in (rx, middle, tx):
        end(testpmd)


def test_testpmd_echoes_what_ping_sends(stage):
    stage.server()
    echo = stage.testpmd([""], "--forward-mode=macswap", "--port-topology=loop", "--auto-start")
    ping = stage.pingpong("", "ping", "--wait", "0", "--peer", "1", "--verify", "--json",
                          "--count", "2000", "--warmup", "100", "--size", "1400")
    ping.wait(60)
    (row,) = results(ping)
    # testpmd drops what it cannot send at once: its first answers, until the lane is open.
    assert row["sent"] == 2100 and row["lost"] <= 2
    assert row["received"] == row["sent"] - row["lost"]
    assert row["corrupted"] == row["reordered"] == row["duplicated"] == 0
    end(echo)


def test_a_broadcast_reaches_all(stage):
    stage.server()
    sinks = [sink(stage, "") for _ in range(2)]
    tx = source(stage, "", f"--eth-peer=0,{BROADCAST}")
    for testpmd in sinks:
        wait_for_packets(testpmd, 1000)
    sent = stop_sending(tx)
    wait_until(lambda: sum(map(received, sinks)) >= sent["TX-packets"], 20, "all have come")
    assert sum(map(received, sinks)) == sent["TX-packets"]
    # A copy for each, but where a lane was full, and that is counted.
    assert (sent["TX-packets"] + sent["tx_flood_dropped"]) % len(sinks) == 0
    # Nobody hears himself.
    assert sent["RX-packets"] == 0
    for testpmd in [tx, *sinks]:
        end(testpmd)


def test_addresses_that_nobody_has_are_dropped_and_counted(stage):
    stage.server()
    rx = sink(stage, "")
    # A promiscuous port hears what is for nobody.
    command(rx, "set promisc 0 off")
    tx = stage.testpmd([""], "--forward-mode=txonly")
    # A port that is not up, one that cannot be, the sender itself, and no address of the fabric.
    for address in (mac(7), mac(4000), mac(2), "02:00:00:00:00:01"):
        command(tx, f"set eth-peer 0 {address}")
        command(tx, "clear port stats 0")
        command(tx, "start")
        wait_until(lambda: statistics(tx)["tx_no_port_dropped"] > 1000, 10, "drops are counted")
        assert stop_sending(tx)["TX-packets"] == 0
    assert received(rx) == 0
    end(tx)
    end(rx)


def test_frames_of_9_kb_in_segments(stage):
    stage.server()
    rx = sink(stage, "peer=2", *JUMBO)
    tx = source(stage, "peer=1", *JUMBO, *JUMBO_TX)
    wait_for_packets(rx, 10_000)
    came = expect_all(rx, stop_sending(tx)["TX-packets"])
    assert came["RX-bytes"] == 9000 * came["RX-packets"]
    end(tx)
    end(rx)


def test_chains_are_freed_whole_where_fast_free_is_asked_for_too(stage):
    stage.server()
    rx = sink(stage, "peer=2")
    # Of its pool of 16384 buffers testpmd would soon have none if each frame cost it one.
    tx = source(stage, "peer=1", "--txpkts=64,64", "--tx-offloads=0x18000")
    wait_for_packets(rx, 100_000)
    came = expect_all(rx, stop_sending(tx)["TX-packets"])
    assert came["RX-bytes"] == 128 * came["RX-packets"]
    end(tx)
    end(rx)


def test_frames_longer_than_the_mtu_are_dropped_and_counted(stage):
    stage.server()
    rx = sink(stage, "peer=2")
    tx = source(stage, "peer=1", *JUMBO, *JUMBO_TX)
    wait_until(lambda: statistics(rx)["RX-errors"] > 1000, 20, "drops are counted")
    sent = stop_sending(tx)["TX-packets"]
    wait_until(lambda: statistics(rx)["rx_too_long"] == sent, 20, "all are dropped")
    assert statistics(rx)["RX-errors"] == sent
    assert received(rx) == 0
    end(tx)
    end(rx)


def test_an_mtu_that_the_buffers_cannot_hold_is_refused(stage):
    stage.server()
    testpmd = stage.testpmd(["peer=2"])
    command(testpmd, "port stop 0")
    start = len(testpmd.err.text)
    command(testpmd, "port config mtu 0 9000")
    command(testpmd, "port start 0")
    testpmd.expect_note(r"net_famez: .*MTU 9000.*RTE_ETH_RX_OFFLOAD_SCATTER", 10, start)
    end(testpmd)


def test_pools_with_pinned_external_buffers(stage):
    stage.server()
    rx = sink(stage, "peer=2", "--mp-alloc=xbuf")
    tx = source(stage, "peer=1", "--mp-alloc=xbuf")
    # More than the pool holds: every buffer comes back and is used again.
    wait_for_packets(rx, ENOUGH)
    expect_all(rx, stop_sending(tx)["TX-packets"])
    end(tx)
    end(rx)


def test_nothing_is_dropped_while_ports_get_to_know_each_other(stage):
    """A full lane to a living port is waited for, from the first moment on."""
    stage.server()
    rx = stage.pingpong("", "rx", "--stay", "--verify", "--json")
    rx.expect_note(r"TELEMETRY")
    for _ in range(5):
        # Nor is a receiver that the machine keeps waiting for a moment given up.
        tx = stage.pingpong("stall-ms=10000", "tx", "--wait", "0", "--peer", "1", "--verify", "--json",
                            "--count", "100000")
        assert tx.wait() == 0
        (row,) = results(tx)
        assert "tx_stalled_dropped" not in row["xstats"], row
        assert "tx_no_port_dropped" not in row["xstats"], row
    rx.stop()
    assert [row["received"] for row in results(rx)] == [100_000] * 5
