# SPDX-License-Identifier: BSD-3-Clause
"""Stock testpmd between net_famez ports of several processes."""

import pytest

from program_lib.processes import wait_until
from program_lib.stage import results
from program_lib.testpmd import (
    command,
    end,
    link_is_up,
    received,
    settle,
    statistics,
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


def stop_forwarding(testpmd):
    return command(testpmd, "stop", r"Done\.\n")


@pytest.mark.parametrize("mode", ["link", "fabric"])
def test_what_one_process_sends_the_other_receives(stage, mode):
    stage.server()
    rx = sink(stage, devargs(mode, 2))
    tx = source(stage, devargs(mode, 1), *to(mode, 0, 1))
    wait_until(lambda: link_is_up(rx) and link_is_up(tx), 5, "links up")
    wait_for_packets(rx, ENOUGH)
    stop_forwarding(tx)
    sent = statistics(tx)
    assert settle(rx) == sent["TX-packets"]
    assert statistics(rx)["RX-bytes"] == sent["TX-bytes"] == 64 * sent["TX-packets"]
    assert statistics(rx)["RX-errors"] == statistics(rx)["RX-nombuf"] == 0
    end(tx)
    if mode == "link":
        wait_until(lambda: not link_is_up(rx), 2, "link down")
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
    stop_forwarding(tx)
    assert settle(middle) == statistics(tx)["TX-packets"]
    report = stop_forwarding(middle)
    assert settle(rx) == statistics(middle, 1)["TX-packets"] > 0
    # testpmd drops what a full lane does not take; nothing goes missing beside that.
    dropped = sum(int(line.split(":")[2].split()[0]) for line in report.splitlines()
                  if line.strip().startswith("TX-packets") and "TX-dropped" in line) // 2
    assert received(middle) == statistics(middle, 1)["TX-packets"] + dropped
    for testpmd in (rx, middle, tx):
        end(testpmd)


def test_testpmd_echoes_what_ping_sends(stage):
    stage.server()
    echo = stage.testpmd([""], "--forward-mode=macswap", "--port-topology=loop", "--auto-start")
    ping = stage.pingpong("", "ping", "--wait", "0", "--peer", "1", "--verify", "--json",
                          "--count", "2000", "--warmup", "100", "--size", "1400")
    assert ping.wait(60) == 0
    (row,) = results(ping)
    assert row["received"] == row["sent"] == 2100
    assert row["lost"] == row["corrupted"] == row["reordered"] == 0
    end(echo)


def test_a_broadcast_reaches_all(stage):
    stage.server()
    sinks = [sink(stage, "") for _ in range(3)]
    tx = source(stage, "", f"--eth-peer=0,{BROADCAST}")
    for testpmd in sinks:
        wait_for_packets(testpmd, 1000)
    stop_forwarding(tx)
    came = [settle(testpmd) for testpmd in sinks]
    sent = statistics(tx)
    # A copy for each, but where a lane was full, and that is counted.
    assert sum(came) == sent["TX-packets"]
    assert (sum(came) + sent["tx_flood_dropped"]) % len(sinks) == 0
    # Nobody hears himself.
    assert sent["RX-packets"] == 0
    for testpmd in [tx, *sinks]:
        end(testpmd)


def test_addresses_that_nobody_has_are_dropped_and_counted(stage):
    stage.server()
    rx = sink(stage, "")
    # A port that is not up, one that cannot be, the sender itself, and no address of the fabric.
    for address in (mac(7), mac(4000), mac(2), "02:00:00:00:00:01"):
        tx = source(stage, "", f"--eth-peer=0,{address}")
        wait_until(lambda: statistics(tx)["tx_no_port_dropped"] > 1000, 10, "drops are counted")
        assert statistics(tx)["TX-packets"] == 0
        end(tx)
    assert received(rx) == 0
    end(rx)


def test_frames_of_9_kb_in_segments(stage):
    stage.server()
    rx = sink(stage, "peer=2", *JUMBO)
    tx = source(stage, "peer=1", *JUMBO, *JUMBO_TX)
    wait_for_packets(rx, 10_000)
    stop_forwarding(tx)
    assert settle(rx) == statistics(tx)["TX-packets"]
    values = statistics(rx)
    assert values["RX-bytes"] == 9000 * values["RX-packets"]
    assert values["RX-errors"] == 0
    end(tx)
    end(rx)


def test_frames_longer_than_the_mtu_are_dropped_and_counted(stage):
    stage.server()
    rx = sink(stage, "peer=2")
    tx = source(stage, "peer=1", *JUMBO, *JUMBO_TX)
    wait_until(lambda: statistics(rx)["RX-errors"] > 1000, 20, "drops are counted")
    stop_forwarding(tx)
    settle(rx)
    values = statistics(rx)
    assert values["RX-packets"] == 0
    assert values["RX-errors"] == values["rx_too_long"] == statistics(tx)["TX-packets"]
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
    stop_forwarding(tx)
    assert settle(rx) == statistics(tx)["TX-packets"]
    assert statistics(rx)["RX-nombuf"] == 0
    end(tx)
    end(rx)
