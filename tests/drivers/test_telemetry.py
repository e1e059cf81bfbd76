# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket shows the port as it shows any."""

from program_lib.processes import wait_until
from program_lib.telemetry import Telemetry
from program_lib.testpmd import end, stop_sending, wait_for_packets


def test_telemetry_shows_the_port(stage):
    stage.server()
    rx = stage.testpmd(["peer=2"], "--forward-mode=rxonly", "--auto-start")
    tx = stage.testpmd(["peer=1"], "--forward-mode=txonly", "--auto-start")
    wait_for_packets(rx, 1000)
    sent = stop_sending(tx)["TX-packets"]
    telemetry = Telemetry(stage, tx)
    assert telemetry.ask("/ethdev/list") == [0]
    assert telemetry.ask("/ethdev/stats,0")["opackets"] == sent > 0
    assert telemetry.ask("/ethdev/xstats,0")["tx_lanes_opened"] == 1
    # Up from the port's first tick on, and all of this may be over before that.
    wait_until(lambda: telemetry.ask("/ethdev/link_status,0")["status"] == "UP", 10, "link is up")
    information = telemetry.ask("/ethdev/info,0")
    assert information["name"] == "net_famez0"
    assert information["mac_addr"].lower() == "02:fa:3e:00:00:02"
    end(tx)
    end(rx)
