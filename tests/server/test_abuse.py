# SPDX-License-Identifier: BSD-3-Clause
"""Clients that misbehave cost nobody else anything."""

import os
import pathlib
import random
import resource
import socket
import tempfile
import time
from contextlib import ExitStack

import pytest

from fabric import SERVER, Peer, Server, read_message, readable

PORTS = 14
VECTORS = 16
GREETING = 3 + VECTORS * 4  # messages, with two survivors and the server


@pytest.fixture(name="fabric")
def fabric_with_survivors(tmp_path):
    """A server, two survivors that know every id, and the server's descriptors."""
    with Server(tmp_path) as server, ExitStack() as stack:
        survivors = [stack.enter_context(Peer(server, VECTORS)) for _ in range(2)]
        baseline = server.descriptors()
        with ExitStack() as others:
            for _ in range(PORTS - 2):
                others.enter_context(Peer(server, VECTORS))
        survivors[0].expect([(port, True) for port in range(2, PORTS + 1) for _ in range(VECTORS)])
        survivors[1].expect([(port, True) for port in range(3, PORTS + 1) for _ in range(VECTORS)])
        server.wait_for_descriptors(baseline)
        yield server, survivors, baseline


def check(server, survivors, baseline):
    """Everything is as before, and newcomers are served."""
    server.wait_for_descriptors(baseline)
    assert all(peer.silent() for peer in survivors)
    with Peer(server, VECTORS) as newcomer:
        assert newcomer.id == 3
        survivors[0].ring(3, 1)
        assert newcomer.rung(1) == 1
    server.wait_for_descriptors(baseline)
    assert all(peer.silent() for peer in survivors)


def close_fds(message):
    if message is not None and message[1] is not None:
        os.close(message[1])


def test_a_thousand_that_die_while_they_are_greeted(fabric):
    server = fabric[0]
    for i in range(1000):
        client = server.connect()
        for _ in range(i % (GREETING + 1)):
            close_fds(read_message(client))
        if i % 3 == 1:
            client.shutdown(socket.SHUT_RDWR)
        if i % 3 == 2:
            client.shutdown(socket.SHUT_WR)
        client.close()  # what was not read makes this a reset
    check(*fabric)


def test_crowds_that_vanish(fabric):
    server = fabric[0]
    for _ in range(40):
        crowd = [server.connect() for _ in range(25)]  # more than there are ports
        for client in crowd:
            client.close()
    check(*fabric)


def test_five_seconds_of_random_bytes(fabric):
    server, survivors, _ = fabric
    chance = random.Random(1)
    end = time.monotonic() + 5
    attempts = 0
    while time.monotonic() < end or attempts <= 100:
        with ExitStack() as stack:
            clients = [stack.enter_context(server.connect()) for _ in range(4)]
            for client in clients:
                try:
                    client.sendall(chance.randbytes(chance.choice([1, 7, 8, 64, 4096, 100000])))
                except OSError:  # dropped while it was still talking
                    pass
            attempts += len(clients)
        assert all(peer.silent() for peer in survivors)
        time.sleep(0.005)
    check(*fabric)


def test_one_byte_is_the_end(fabric):
    server = fabric[0]
    with Peer(server, VECTORS) as peer:
        peer.socket.send(b"x")
        assert readable(peer.socket, 5)
        assert peer.socket.recv(8) == b""
    check(*fabric)


def test_descriptors_that_a_client_sends_are_not_kept(fabric):
    server, _, baseline = fabric
    with server.connect() as client, open("/dev/null", "rb") as null:
        socket.send_fds(client, [b"x"], [null.fileno()] * 20)
        server.wait_for_descriptors(baseline)
    check(*fabric)


def test_one_that_never_reads(tmp_path):
    with Server(tmp_path, "--vectors", 64) as server, Peer(server, 64) as survivor:
        baseline = server.descriptors()
        with server.connect() as sleeper, server.connect() as dozer:
            for _ in range(5):
                close_fds(read_message(dozer))
            for _ in range(10):
                with Peer(server, 64) as newcomer:
                    assert newcomer.id == 4
            survivor.hear(3 * 64)
            assert set(survivor.eventfds) == {1, 2, 3, 4, PORTS + 1}
            # It has its greeting still, whole, whenever it likes.
            values = []
            for _ in range(3 + 5 * 64):
                message = read_message(sleeper)
                values.append(message[0])
                close_fds(message)
            assert values[:3] == [0, 2, -1]
            assert sorted(values[3:]) == sorted([1, 15, 2, 3, 4] * 64)
        server.wait_for_descriptors(baseline)
        assert survivor.silent()


@pytest.fixture
def open_directory():
    """For any user. Not below pytest's own, which each pytest that starts closes to others again."""
    with tempfile.TemporaryDirectory(prefix="famez-test-") as directory:
        os.chmod(directory, 0o777)
        yield pathlib.Path(directory)


def test_descriptors_under_way_are_limited(open_directory):
    """Without privileges, what clients leave unread counts against the server's limit."""
    nobody = 65534
    if os.geteuid() != 0:
        pytest.skip("takes root to become somebody else")
    try:
        if Server(open_directory, "--version", user=nobody).spawn().wait(10) != 0:
            pytest.skip("the server does not run as another user")
    except PermissionError:
        pytest.skip(f"{SERVER} is not for other users to run")
    with Server(open_directory, user=nobody, limit=(300, 300)) as server, ExitStack() as stack:
        for _ in range(PORTS - 1):
            stack.enter_context(server.connect())
        with Peer(server, VECTORS) as last:
            assert last.id == PORTS
            assert len(last.told) == VECTORS * (PORTS + 1)


def test_accepting_goes_on_after_running_out_of_descriptors(fabric):
    server, survivors, baseline = fabric
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
    used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    lowest_free = next(fd for fd in range(highest + 2) if fd not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, before[1]))
    with server.connect() as client:
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(8)
        spent = cpu_seconds(pid)
        time.sleep(0.5)
        assert cpu_seconds(pid) - spent < 0.2  # it does not spin
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        client.settimeout(10)
        assert read_message(client) == (0, None)
    check(server, survivors, baseline)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
