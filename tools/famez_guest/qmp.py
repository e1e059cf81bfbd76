# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's control protocol (docs/interop/qmp-spec.txt of QEMU)."""

import json
import socket
import time

from famez_guest.cache import GuestError


class Qmp:
    def __init__(self):
        self.socket, self.far_end = socket.socketpair()
        self.received = b""
        self.events = []

    def negotiate(self, seconds):
        """Fails with a ConnectionError if QEMU ends instead."""
        self.next_message(seconds)
        self.ask("qmp_capabilities", {}, seconds)

    def next_message(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.received:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise GuestError(f"QEMU's monitor says nothing for {seconds:g} s") from None
            if not data:
                raise ConnectionError("QEMU has ended")
            self.received += data
        line, _, self.received = self.received.partition(b"\n")
        return json.loads(line)

    def ask(self, command, arguments, seconds):
        request = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self.next_message(seconds)
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise GuestError(f"QEMU refuses {command}: {message['error']['desc']}")
            else:
                return message["return"]

    def wait_event(self, name, seconds, **data):
        """The first event of a name whose data contain `data`; those before it are forgotten."""
        deadline = time.monotonic() + seconds
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return event
            try:
                message = self.next_message(max(deadline - time.monotonic(), 0.001))
            except GuestError:
                raise GuestError(f"QEMU's event {name} does not come in {seconds:g} s") from None
            if "event" in message:
                self.events.append(message)

    def close(self):
        self.socket.close()
        self.far_end.close()
