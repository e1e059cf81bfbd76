# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong at the start is told in one line, and ends the attempt cleanly."""

import fcntl
import os
import re
import secrets
import socket
import struct
import threading

import pytest

from program_lib.processes import wait_until
from program_lib.testpmd import command, end

MIB = 1 << 20


class FakeServer:
    """An ivshmem server that is not ours. `greet` gets the socket of each client."""

    def __init__(self, path, greet):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.greet = greet
        self.clients = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            try:
                self.greet(client)
            except OSError:
                pass  # it has heard enough

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for client in self.clients:
            client.close()


def say(client, value, fd=None):
    socket.send_fds(client, [struct.pack("<q", value)], [] if fd is None else [fd])


def memfd(size, sealed=True, content=b""):
    fd = os.memfd_create("region", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(fd, size)
    os.pwrite(fd, content, 0)
    if sealed:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return fd


def greeting(region):
    """What a stock server says: version, id, region, own eventfd."""

    def greet(client):
        bell = os.eventfd(0, os.EFD_NONBLOCK)
        say(client, 0)
        say(client, 1)
        say(client, -1, region)
        say(client, 1, bell)
        os.close(bell)

    return greet


def start_refused(stage, devargs):
    return stage.pingpong(devargs, "rx", "--wait", "1")


def refusal(pingpong):
    """The one line that the driver says of a port that cannot be."""
    assert pingpong.wait(30) == 1
    lines = re.findall(r"^net_famez: (.*)$", pingpong.err.text, re.M)
    assert len(lines) == 1, lines
    assert "there is no ethdev port" in pingpong.err.text
    return lines[0]


def refused(stage, devargs):
    return refusal(start_refused(stage, devargs))


@pytest.mark.parametrize(
    ("devargs", "told"),
    [
        ("peer=0", "peer=0"),
        ("peer=5000", "peer=5000"),
        ("peer=two", "peer=two"),
        ("peer=-1", "peer=-1"),
        ("peer=", "peer="),
        ("peer=1x", "peer=1x"),
        ("node=" + "n" * 32, "name has 1 to 31"),
        ("class=" + "c" * 32, "name has 1 to 31"),
        ("unsealed=2", "unsealed=2"),
        ("unsummed=2", "unsummed=2"),
        ("colour=blue", "colour=blue"),
        ("trust=x", "trust=x"),
        ("trust=", "trust="),
        ("trust=2+", "trust=2+"),
        ("trust=2+0", "trust=2+0"),
        ("trust=2-3", "trust=2-3"),
        ("trust=4095", "trust=4095"),
        ("peer=15", "ports 1 to 14"),
        ("peer=1", "own id"),
    ],
)
def test_devargs_that_cannot_be(stage, devargs, told):
    stage.server()
    assert told in refused(stage, devargs)


def test_no_server(stage):
    assert "no server is there" in refused(stage, "")


def test_a_dead_servers_socket(stage):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(stage.socket)
    assert "no server is there" in refused(stage, "")


def test_a_path_that_is_no_socket(stage):
    with open(stage.socket, "w", encoding="utf-8"):
        pass
    assert stage.socket in refused(stage, "")


def test_a_path_that_is_too_long(stage):
    assert "path" in refused(stage, "socket=/tmp/" + "x" * 200)


@pytest.mark.parametrize(
    ("size", "content", "told"),
    [
        (4 * MIB, b"", "holds no fabric"),
        (4096, b"", "too small"),
        (0, b"", "too small"),
        (4 * MIB, b"\xff" * 4096, "holds no fabric"),
        # A FAME-Z mailbox without a fabric: the original's server.
        (4 * MIB, struct.pack("<5Q", 512, 128, 14, 16, 15), "no fabric header"),
        (4 * MIB, struct.pack("<5Q", 512, 128, 1 << 60, 16, 15), "impossible number"),
        # Another version of the layout behind the right magic.
        (4 * MIB, struct.pack("<5Q", 512, 128, 6, 8, 7).ljust(4096, b"\0")
         + struct.pack("<QII", 0x4241465A454D4146, 999, 0), "layout version 999"),
        # The right version and an impossible geometry.
        (4 * MIB, struct.pack("<5Q", 512, 128, 6, 8, 7).ljust(4096, b"\0")
         + struct.pack("<QIIQQ", 0x4241465A454D4146, 1, 0, 4096, 4 * MIB).ljust(4096, b"\xff"),
         "number of ports"),
    ],
    ids=["zeroes", "page", "empty", "ones", "mailbox", "clients", "version", "geometry"],
)
def test_a_foreign_region(stage, size, content, told):
    region = memfd(size)
    if size:
        os.pwrite(region, content, 0)
    server = FakeServer(stage.socket, greeting(region))
    try:
        assert told in refused(stage, "")
    finally:
        server.close()
        os.close(region)


def test_a_region_that_can_shrink_is_refused_unless_allowed(stage):
    name = f"famez-test-{os.getpid()}-{secrets.token_hex(4)}"
    server = stage.server("--mailbox", name)
    assert "not sealed" in refused(stage, "")
    rx = stage.pingpong("unsealed=1", "rx", "--wait", "20", "--json")
    tx = stage.pingpong("unsealed=1", "tx", "--wait", "20", "--json", "--count", "1000")
    assert tx.wait() == 0
    assert rx.wait() == 0
    assert server.stop() == 0
    assert not os.path.exists(f"/dev/shm/{name}")


def test_servers_that_stop_in_their_greeting(stage):
    region = memfd(4 * MIB)

    def greet(words):
        def say_some(client):
            for value in [0, 1, -1][:words]:
                say(client, value, region if value == -1 else None)

        return say_some

    servers = [FakeServer(stage.path(f"server{i}"), greet(i)) for i in range(4)]
    try:
        started = [start_refused(stage, f"socket={stage.path(f'server{i}')}") for i in range(4)]
        for pingpong in started:
            assert "in time" in refusal(pingpong)
    finally:
        for server in servers:
            server.close()
        os.close(region)


def test_a_server_that_hangs_up(stage):
    server = FakeServer(stage.socket, lambda client: client.shutdown(socket.SHUT_RDWR))
    try:
        assert "closed" in refused(stage, "")
    finally:
        server.close()


@pytest.mark.parametrize("version", [1, -1, 1 << 62])
def test_another_protocol(stage, version):
    server = FakeServer(stage.socket, lambda client: say(client, version))
    try:
        assert "version" in refused(stage, "")
    finally:
        server.close()


def test_a_full_fabric(stage):
    stage.server("--ports", "2")
    for _ in range(2):
        stage.testpmd([""])
    assert "ports are taken" in refused(stage, "")


def test_a_running_program_survives_a_port_that_cannot_be(stage):
    server = stage.server()
    testpmd = stage.testpmd(["peer=2"])
    start = len(testpmd.err.text)
    before = server.descriptors()
    for devargs in ("socket=/nowhere/at/all", f"socket={stage.socket},peer=99",
                    f"socket={stage.socket},peer=0"):
        command(testpmd, f"port attach net_famez7,{devargs}")
        testpmd.expect_note(r"net_famez: net_famez7: ", 10, start)
        start = len(testpmd.err.text)
    assert "net_famez7" not in command(testpmd, "show device info all")
    wait_until(lambda: server.descriptors() == before, 10, "the server's descriptors are back")
    # The same name then works.
    command(testpmd, f"port attach net_famez7,socket={stage.socket},peer=1", r"Port \d is attached")
    end(testpmd)
