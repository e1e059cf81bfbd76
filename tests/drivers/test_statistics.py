# SPDX-License-Identifier: BSD-3-Clause
"""Statistics, from every side: testpmd, the region, telemetry."""

import re

from program_lib.processes import wait_until
from program_lib.telemetry import Telemetry
from program_lib.testpmd import (
    command,
    end,
    statistics,
    stop_forwarding,
    stop_sending,
    wait_for_packets,
)

USED = "show port 0 rxq 0 desc used count"


def link(stage, *options):
    """Who takes (id 1) and who sends (id 2)."""
    rx = stage.testpmd(["peer=2"], "--forward-mode=rxonly", "--auto-start", *options)
    tx = stage.testpmd(["peer=1"], "--forward-mode=txonly", "--auto-start", *options)
    wait_for_packets(rx, 1000)
    return rx, tx


def test_testpmd_and_the_region_agree(stage):
    region = stage.region(stage.server())
    rx, tx = link(stage)
    sent = stop_sending(tx)
    wait_for_packets(rx, sent["TX-packets"])
    came = statistics(rx)
    assert sent["tx_q0_packets"] == sent["tx_good_packets"] == sent["TX-packets"] > 0
    assert came["rx_q0_bytes"] == came["rx_good_bytes"] == 64 * sent["TX-packets"]
    for port, shown in ((1, came), (2, sent)):
        expected = {"tx_messages": shown["tx_q0_packets"], "rx_messages": shown["rx_q0_packets"]}
        expected |= {name: shown[name] for name in region.counters(port) if name in shown}
        # Mirrored from time to time.
        wait_until(lambda p=port, e=expected: e.items() <= region.counters(p).items(), 10,
                   f"{expected} of port {port} in the region")
    for testpmd in (tx, rx):
        end(testpmd)


def test_reset_begins_anew_and_leaves_the_fabric_its_counters(stage):
    region = stage.region(stage.server())
    rx, tx = link(stage)
    sent = stop_sending(tx)["TX-packets"]
    for line in ("clear port stats 0", "clear port xstats 0"):
        command(tx, line)
        values = statistics(tx)
        assert values["TX-packets"] == values["tx_q0_packets"] == values["tx_lanes_opened"] == 0
    # What comes now is added there.
    command(tx, "start")
    wait_until(lambda: statistics(tx)["TX-packets"] > 0, 10, "packets go")
    sent += stop_sending(tx)["TX-packets"]
    wait_until(lambda: region.counters(2)["tx_messages"] == sent, 10, "the fabric's counter")
    # A gauge is not reset.
    wait_for_packets(rx, sent)
    command(rx, "clear port xstats 0")
    assert statistics(rx)["rx_rings_held"] == 1
    for testpmd in (tx, rx):
        end(testpmd)


def test_what_waits_in_a_queue(stage):
    stage.server()
    rx, tx = link(stage)
    stop_forwarding(rx)
    wait_until(lambda: statistics(tx)["tx_full"] > 0, 10, "a full lane")
    sent = stop_sending(tx)["TX-packets"]
    count = int(re.search(r"count = (\d+)", command(rx, USED)).group(1))
    assert count > 1000
    assert "DONE" in command(rx, "show port 0 rxq 0 desc 0 status")
    assert "DONE" in command(rx, f"show port 0 rxq 0 desc {count - 1} status")
    assert "FULL" in command(tx, "show port 0 txq 0 desc 0 status")
    command(rx, "start")
    wait_for_packets(rx, sent)
    stop_forwarding(rx)
    assert "count = 0" in command(rx, USED)
    assert "AVAILABLE" in command(rx, "show port 0 rxq 0 desc 0 status")
    assert "DONE" in command(tx, "show port 0 txq 0 desc 0 status")
    for testpmd in (tx, rx):
        end(testpmd)


def test_which_code_serves_the_queues(stage):
    stage.server()
    testpmd = stage.testpmd([""])
    for line in ("show rxq info 0 0", "show txq info 0 0"):
        assert re.search(r"Burst mode: instruction set \w+, write-back", command(testpmd, line))
    end(testpmd)


def test_telemetry_shows_ports_and_lanes(stage):
    region = stage.region(stage.server())
    rx, tx = link(stage)
    idle = stage.testpmd(["node=Idle"])
    sent = stop_sending(tx)["TX-packets"]
    wait_for_packets(rx, sent)
    wait_until(lambda: region.counters(2)["tx_messages"] == region.counters(1)["rx_messages"] == sent,
               10, "the region's counters")
    telemetry = Telemetry(stage, tx)
    wait_until(lambda: telemetry.ask("/famez/ports,0")["3"]["heartbeat"] == "moves", 10, "a heartbeat")
    ports = telemetry.ask("/famez/ports,0")
    assert (ports["id"], ports["next"]) == (2, 0)
    assert {key for key in ports if key.isdigit()} == {"1", "2", "3"}
    assert ports["3"]["node"] == "Idle" and ports["3"]["state"] == "up"
    assert ports["3"]["heartbeat"] == "moves" and ports["3"]["addresses"] == 1
    assert ports["2"]["tx_messages"] == ports["1"]["rx_messages"] == sent
    lanes = telemetry.ask("/famez/lanes,0")
    assert {key for key in lanes if key.isdigit()} == {"1"}
    assert lanes["1"]["tx"] == "open" and lanes["1"]["rx"] == "closed"
    assert lanes["1"]["tx_messages_taken"] <= sent
    # From an id on; and what cannot be.
    assert {key for key in telemetry.ask("/famez/ports,0,3") if key.isdigit()} == {"3"}
    for wrong in ("", ",1", ",x", ",0,", ",0,x", ",99999", ",-1", ",0x0"):
        for page in ("/famez/ports", "/famez/lanes"):
            assert not telemetry.ask(page + wrong), wrong
    for testpmd in (tx, rx, idle):
        end(testpmd)


def test_telemetry_goes_through_many_ports_in_parts(stage):
    stage.server("--ports", "40")
    testpmd = stage.testpmd([""] * 31)
    last = stage.testpmd([""] * 2)
    telemetry = Telemetry(stage, testpmd)
    first = telemetry.ask("/famez/ports,30")
    assert first["id"] == 31 and first["next"] == 33
    assert sum(key.isdigit() for key in first) == 32
    second = telemetry.ask("/famez/ports,30,33")
    assert second["next"] == 0 and {key for key in second if key.isdigit()} == {"33"}
    for program in (last, testpmd):
        end(program)
