# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket shows the port as it shows any."""

import json
import socket

from program_lib.testpmd import end, stop_sending, wait_for_packets


class Telemetry:
    def __init__(self, stage, testpmd):
        prefix = testpmd.command[testpmd.command.index("--file-prefix") + 1]
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(stage.path(f"dpdk/{prefix}/dpdk_telemetry.v2"))
        self.socket.recv(16384)  # who it is

    def ask(self, request):
        self.socket.send(request.encode())
        return json.loads(self.socket.recv(16384))[request.split(",")[0]]


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
    assert telemetry.ask("/ethdev/link_status,0")["status"] == "UP"
    information = telemetry.ask("/ethdev/info,0")
    assert information["name"] == "net_famez0"
    assert information["mac_addr"].lower() == "02:fa:3e:00:00:02"
    end(tx)
    end(rx)
