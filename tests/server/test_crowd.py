# SPDX-License-Identifier: BSD-3-Clause
"""A thousand ports and more on one server."""

import os
import resource
import struct
import subprocess
from contextlib import ExitStack

import pytest

from fabric import Peer, Server, wait_until

TALKERS = os.environ.get("TALKERS", "talkers")
PORTS = 1000


def hear_ids(client, last):
    """Every message up to the one that ends with `last`; the descriptors are not even taken."""
    ids = []
    while not ids or ids[-1] != last:
        data = client.recv(8)
        assert len(data) == 8, f"the server has gone after {ids[-3:]}"
        ids.append(struct.unpack("<q", data)[0])
    return ids


def need_descriptors(count):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < count:
        pytest.skip(f"takes a limit of {count} descriptors (ulimit -Hn)")


def test_a_thousand_attach_are_listed_and_two_of_them_talk(tmp_path):
    need_descriptors(2 * PORTS + 500)
    with Server(tmp_path, "--ports", PORTS, "--vectors", 1) as server, ExitStack() as stack:
        baseline = server.descriptors()
        crowd = [stack.enter_context(server.connect()) for _ in range(PORTS - 2)]
        # Nobody reads while all of them attach, and nobody loses anything by it.
        for port, client in enumerate(crowd, 1):
            assert hear_ids(client, -1) == [0, port, -1]
            assert hear_ids(client, port) == list(range(1, port)) + [PORTS + 1, port]
        talked = subprocess.run(
            [TALKERS, server.path], capture_output=True, text=True, timeout=60, check=False
        )
        assert talked.stderr == ""
        assert talked.stdout == (
            f"ports {PORTS - 1} and {PORTS} of {PORTS} talked, {PORTS} are listed\n"
        )
        assert hear_ids(crowd[0], PORTS) == list(range(2, PORTS + 1))
        stack.close()
        server.wait_for_descriptors(baseline)
        with Peer(server, 1) as newcomer:
            assert newcomer.id == 1


def test_as_many_ports_as_there_can_be(tmp_path):
    need_descriptors(3 * 4094)
    with Server(tmp_path, "--ports", 4094, "--region-size", "8G") as server:
        assert "8 GiB, 4094 ports" in server.log() and "1 vector a port" in server.log()
        assert "descriptor limit of at least 4159" in server.log()
        with Peer(server, 1) as one, Peer(server, 1) as two:
            assert one.hear(1) == [(2, True)]
            one.ring(2, 0)
            wait_until(lambda: two.rung(0) == 1)
