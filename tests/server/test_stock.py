# SPDX-License-Identifier: BSD-3-Clause
"""famez_server --stock does as QEMU's own ivshmem-server does."""

import mmap
import os
from contextlib import ExitStack

from fabric import Peer, Server, read_message, wait_until


def test_ids_rise_from_zero_and_ends_are_told(tmp_path):
    with Server(tmp_path, "--stock", "-n", 2) as server:
        assert "region 4 MiB, as QEMU's ivshmem-server, 2 vectors a client" in server.log()
        baseline = server.descriptors()
        with Peer(server, 2) as first, ExitStack() as stack:
            assert first.id == 0 and first.told == [0, 0]
            second = stack.enter_context(Peer(server, 2))
            assert second.id == 1 and second.told == [0, 0, 1, 1]
            first.expect([(1, True)] * 2)
            first.ring(1, 1)
            assert (second.rung(0), second.rung(1)) == (0, 1)
            second.close()
            first.expect([(1, False)])
            third = stack.enter_context(Peer(server, 2))
            assert third.id == 2 and third.told == [0, 0, 2, 2]
            first.expect([(2, True)] * 2)
        server.wait_for_descriptors(baseline)


def test_the_region_is_empty_and_stays_so(tmp_path):
    with Server(tmp_path, "--stock") as server, Peer(server, 1) as peer:
        assert os.fstat(peer.region).st_size == 4 << 20
        with mmap.mmap(peer.region, 4 << 20) as region:
            assert region[:] == bytes(4 << 20)
            region[:8192] = b"x" * 8192
            with Peer(server, 1):
                peer.expect([(1, True)])
            peer.expect([(1, False)])
            assert region[:8192] == b"x" * 8192
    with Server(tmp_path, "--stock", "-l", "64K") as server, Peer(server, 1) as peer:
        assert os.fstat(peer.region).st_size == 64 << 10


def test_who_does_not_read_holds_no_descriptors(tmp_path):
    """A thousand come and go while one sleeps: their eventfds are not kept for it."""
    with Server(tmp_path, "--stock", limit=(256, 256)) as server, server.connect() as sleeper:
        assert [read_message(sleeper)[0] for _ in range(2)] == [0, 0]
        baseline = server.descriptors()
        for port in range(1, 1001):
            with Peer(server, 1) as peer:
                assert peer.id == port
        wait_until(lambda: server.descriptors() <= baseline + 16)
        # What it had been told before its socket was full is taken back in order.
        value, region = read_message(sleeper)
        assert value == -1
        os.close(region)
        present = set()
        with Peer(server, 1) as last:
            while True:
                value, fd = read_message(sleeper)
                if fd is None:
                    present.remove(value)
                    continue
                os.close(fd)
                if value == last.id:
                    break
                present.add(value)
        assert present == {0}


def test_without_descriptors_a_newcomer_is_refused(tmp_path):
    with Server(tmp_path, "--stock", "-n", 64, limit=(256, 256)) as server, ExitStack() as stack:
        peers = [stack.enter_context(Peer(server, 64)) for _ in range(3)]
        with server.connect() as client:
            assert read_message(client) is None
        assert "refused: an eventfd cannot be made" in server.log()
        peers[1].close()
        peers[0].expect([(1, True)] * 64 + [(2, True)] * 64 + [(1, False)])
        with Peer(server, 64) as again:
            assert again.id == 3
