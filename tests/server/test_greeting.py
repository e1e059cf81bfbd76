# SPDX-License-Identifier: BSD-3-Clause
"""Who is told what: greetings, newcomers, departures."""

import fcntl
import mmap
import os
import struct
from contextlib import ExitStack

import pytest

from fabric import Peer, Server, read_message, same_file, wait_until

PORTS = 14
VECTORS = 16
SERVER_ID = PORTS + 1


def attach_all(stack, server, ports, vectors):
    return [stack.enter_context(Peer(server, vectors)) for _ in range(ports)]


def test_a_greeting_has_its_order(tmp_path):
    with Server(tmp_path) as server, Peer(server, VECTORS) as first:
        assert first.id == 1
        assert first.told == [SERVER_ID] * VECTORS + [1] * VECTORS
        first.expect([])
        with Peer(server, VECTORS) as second:
            assert second.id == 2
            assert second.told == [1] * VECTORS + [SERVER_ID] * VECTORS + [2] * VECTORS
            first.expect([(2, True)] * VECTORS)
            second.expect([])


def test_the_server_is_not_shown_when_silent(tmp_path):
    with Server(tmp_path, "--silent") as server, Peer(server, VECTORS) as first:
        assert first.told == [1] * VECTORS
        first.expect([])


def test_a_full_house(tmp_path):
    with Server(tmp_path) as server, ExitStack() as stack:
        peers = attach_all(stack, server, PORTS, VECTORS)
        assert [peer.id for peer in peers] == list(range(1, PORTS + 1))
        everybody = set(range(1, SERVER_ID + 1))
        for peer in peers:
            peer.hear(VECTORS * (SERVER_ID - len(peer.eventfds)))
            assert set(peer.eventfds) == everybody
            assert all(len(fds) == VECTORS for fds in peer.eventfds.values())
            assert all(peer.told.count(port) == VECTORS for port in everybody)
        for sender in peers:
            for receiver in peers:
                sender.ring(receiver.id, sender.id)
        for receiver in peers:
            assert [receiver.rung(v) for v in range(VECTORS)] == [0] + [1] * PORTS + [0]
        # One too many is closed at once, without a word to anybody.
        baseline = server.descriptors()
        for _ in range(3):
            with server.connect() as client:
                assert read_message(client) is None
        assert all(peer.silent() for peer in peers)
        assert "refused" in server.log()
        server.wait_for_descriptors(baseline)
        # A port that is given back is the next one's.
        peers[4].close()
        assert stack.enter_context(Peer(server, VECTORS)).id == 5
        assert all(peer.silent() for peer in peers[:4] + peers[5:])


def test_recycling_gives_the_same_id_and_eventfds(tmp_path):
    with Server(tmp_path) as server, Peer(server, VECTORS) as survivor:
        first = Peer(server, VECTORS)
        survivor.expect([(2, True)] * VECTORS)
        kept = [os.dup(fd) for fd in first.eventfds[2]]
        survivor.ring(2, 0)  # its first holder never looks
        first.close()
        survivor.expect([])
        survivor.ring(2, 3)  # nobody holds it
        with Peer(server, VECTORS) as second:
            assert second.id == 2
            survivor.expect([])
            assert [second.rung(v) for v in range(VECTORS)] == [0] * VECTORS
            same = [same_file(a, b) for a, b in zip(kept, second.eventfds[2])]
            assert None in same or all(same)
            for vector in range(VECTORS):
                survivor.ring(2, vector)
                assert second.rung(vector) == 1
                second.ring(1, vector)
                assert survivor.rung(vector) == 1
        for fd in kept:
            os.close(fd)


def test_each_is_told_of_each_exactly_once(tmp_path):
    """A newcomer that missed an id's first holder is told when its next one comes."""
    with Server(tmp_path, "--vectors", 2) as server, ExitStack() as stack:
        one = stack.enter_context(Peer(server, 2))
        two = Peer(server, 2)
        three = stack.enter_context(Peer(server, 2))
        two.close()
        three.close()
        with Peer(server, 2) as again_two, Peer(server, 2) as again_three:
            assert (again_two.id, again_three.id) == (2, 3)
            assert again_two.told == [1, 1, SERVER_ID, SERVER_ID, 2, 2]
            again_two.expect([(3, True)] * 2)
        with Peer(server, 2) as last_two:
            # Parked ids are not shown: nobody is there.
            assert last_two.told == [1, 1, SERVER_ID, SERVER_ID, 2, 2]
            with Peer(server, 2) as last_three:
                assert last_three.id == 3
                last_two.expect([(3, True)] * 2)
            with Peer(server, 2):
                last_two.expect([])
        one.expect([(2, True)] * 2 + [(3, True)] * 2)


def test_without_recycling_the_end_is_told_and_ids_are_used_once(tmp_path):
    with Server(tmp_path, "--no-recycle", "--ports", 3, "--vectors", 2) as server:
        with Peer(server, 2) as survivor:
            baseline = server.descriptors()
            with Peer(server, 2) as second:
                assert second.id == 2
                survivor.expect([(2, True)] * 2)
            survivor.expect([(2, False)])
            with Peer(server, 2) as third:
                assert third.id == 3
                assert 2 not in third.told
                survivor.expect([(3, True)] * 2)
            survivor.expect([(3, False)])
            with server.connect() as client:
                assert read_message(client) is None
            survivor.expect([])
            assert "--no-recycle" in server.log()
            server.wait_for_descriptors(baseline - 2 * 2)  # two ids' eventfds are given up


def test_the_region(tmp_path):
    with Server(tmp_path) as server, Peer(server, VECTORS) as peer:
        assert os.fstat(peer.region).st_size == 1 << 30
        assert os.fstat(peer.region).st_blocks < 64 << 10  # sparse
        seals = fcntl.fcntl(peer.region, fcntl.F_GET_SEALS)
        assert seals & fcntl.F_SEAL_SHRINK and seals & fcntl.F_SEAL_GROW
        with pytest.raises(OSError):
            os.ftruncate(peer.region, 4096)
        with mmap.mmap(peer.region, 1 << 20) as region:
            fields = struct.unpack_from("<5Q", region, 0)
            assert fields == (512, 128, PORTS, PORTS + 2, SERVER_ID)
            for port in range(1, SERVER_ID + 1):
                assert struct.unpack_from("<Q", region, port * 512 + 72)[0] == port


def test_the_table_follows_the_sockets(tmp_path):
    """Holder generation and `assigned`, design section 4: found by the header's own offsets."""
    with Server(tmp_path) as server, Peer(server, VECTORS) as peer:
        with mmap.mmap(peer.region, 1 << 20) as region:
            header = 12288 if region[12288:12296] == b"FAMEZFAB" else region.find(b"FAMEZFAB")
            assert header > 0
            table, stride = struct.unpack_from("<2Q", region, header + 64)

            def entry(port):
                return struct.unpack_from("<2I", region, table + (port - 1) * stride)

            assert entry(1) == (1, 1)
            assert entry(2) == (0, 0)
            with Peer(server, VECTORS):
                assert entry(2) == (1, 1)
            wait_until(lambda: entry(2) == (2, 0))
            with Peer(server, VECTORS):
                assert entry(2) == (3, 1)
            # The server repairs what others spoil, several times a second.
            region[header : header + 16] = bytes(16)
            region[0:40] = bytes(40)
            wait_until(lambda: region[header : header + 8] == b"FAMEZFAB")
            wait_until(lambda: struct.unpack_from("<Q", region, 0)[0] == 512)
