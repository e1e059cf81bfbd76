# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket."""

import json
import socket


class Telemetry:
    def __init__(self, stage, program):
        prefix = program.command[program.command.index("--file-prefix") + 1]
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(stage.path(f"dpdk/{prefix}/dpdk_telemetry.v2"))
        self.socket.recv(16384)  # who it is

    def ask(self, request):
        self.socket.send(request.encode())
        return json.loads(self.socket.recv(16384))[request.split(",")[0]]
