# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd with taps as ports, whose other ends are sockets of the test; and with fabrics."""

import ctypes
import itertools
import json
import os
import pathlib
import select
import socket
import struct
import time

import pytest

from program_lib import settings
from program_lib.processes import wait_until

CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
ETHERTYPE = 0x88B5  # for experiments: the kernel itself sends none
BROADCAST = "ff:ff:ff:ff:ff:ff"


def bytes_of(mac):
    return bytes.fromhex(mac.replace(":", ""))


def frame(to, source, text="", size=60):
    """A frame of the experimental type."""
    head = bytes_of(to) + bytes_of(source) + struct.pack("!H", ETHERTYPE)
    return (head + text.encode()).ljust(size, b"\0")


def text_of(data):
    return data[14:].rstrip(b"\0").decode()


class Tap:
    """The kernel's end of a tap: what is sent here, the switch receives."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self.socket.bind((name, ETHERTYPE))

    def send(self, *frames):
        for data in frames:
            self.socket.send(data)

    def receive(self, seconds=0.0):
        """All frames that come, until none has come for so long."""
        frames = []
        while select.select([self.socket], [], [], seconds)[0]:
            data, address = self.socket.recvfrom(65536)
            if address[2] != socket.PACKET_OUTGOING:
                frames.append(data)
        return frames

    def expect(self, count, seconds=5):
        """Exactly so many frames."""
        frames = []
        deadline = time.monotonic() + seconds * settings.slow()
        while len(frames) < count and time.monotonic() < deadline:
            frames += self.receive(0.05)
        frames += self.receive(0.05)
        assert len(frames) == count, [text_of(data) for data in frames][:20]
        return frames

    def close(self):
        self.socket.close()


class Forwarder:
    """A running famez_fwd."""

    def __init__(self, stage, eal, *options, quiet=False, hugepages=None):
        self.stage = stage
        name = f"fwd{next(NUMBERS)}"
        words = [settings.FWD, *stage.eal(name, [], [stage.cpus[0]], hugepages), *eal]
        words += ["--", "--json", *(["--quiet"] if quiet else []), *options]
        self.program = stage.run(name, words, env=stage.environment(stock=False))

    def started(self):
        self.program.expect(r'"kind":"interval"', 20)
        return self

    def last(self):
        lines = [line for line in self.program.out.text.splitlines() if line.endswith("}")]
        return json.loads(lines[-1])

    def next(self):
        """The next interval's figures: all of them later than now."""
        start = len(self.program.out.text)
        self.program.expect(r'"kind":"interval"[^\n]*\n[^\n]*"kind":"interval"[^\n]*\n', 10, start)
        return self.last()

    def wait_for(self, condition, seconds=10):
        wait_until(lambda: condition(self.last()), seconds, "figures")

    def end(self):
        """Ctrl-C, and the summary, which must add up."""
        assert self.program.stop() == 0
        summary = self.last()
        assert summary["kind"] == "summary"
        assert summary["in"] + summary["copies"] == summary["out"] + summary["dropped"], summary
        assert sum(summary["drops"].values()) == summary["dropped"]
        return summary


NUMBERS = itertools.count()


class Stand:
    """famez_fwd between taps."""

    def __init__(self, stage):
        self.stage = stage
        self.taps = []

    def run(self, ports, *options):
        for i in range(ports):
            options += ("--port", f"net_tap{i},iface=fwd{i}")
        self.forwarder = Forwarder(self.stage, [], "--interval", "0.1", *options)
        self.forwarder.started()
        self.taps = [Tap(f"fwd{i}") for i in range(ports)]
        return self.forwarder

    def close(self):
        for tap in self.taps:
            tap.close()


def private_network():
    """A network namespace of this process's own: what it and its children do there is gone with
    them."""
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        pytest.skip("taps need root and /dev/net/tun")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    # IPv6 would speak on every new interface.
    quiet = pathlib.Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
    if quiet.exists():
        quiet.write_text("1", encoding="ascii")
