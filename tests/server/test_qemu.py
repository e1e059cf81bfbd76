# SPDX-License-Identifier: BSD-3-Clause
"""Stock QEMU on the fabric."""

import json
import os
import resource
import shutil
import socket
import subprocess
import time

import pytest

from fabric import Peer, Server

QEMU = shutil.which("qemu-system-x86_64")
pytestmark = pytest.mark.skipif(QEMU is None, reason="qemu-system-x86_64 is not installed")


class Qemu:
    """A virtual machine without a disk: its firmware finds the device, and that is all it does."""

    def __init__(self, server, directory, vectors):
        self.qmp_path = os.path.join(directory, "qmp")
        self.log_path = os.path.join(directory, "qemu.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [QEMU, "-machine", "q35,accel=tcg", "-m", "128", "-nodefaults", "-display", "none"]
                + ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
                + ["-chardev", f"socket,id=ZMSG,path={server.path}"]
                + ["-device", f"ivshmem-doorbell,chardev=ZMSG,vectors={vectors}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)),
            )
        self.qmp = self.connect()

    def connect(self):
        deadline = time.monotonic() + 20
        while True:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(20)
            try:
                client.connect(self.qmp_path)
                break
            except OSError:
                client.close()
                time.sleep(0.05)
        stream = client.makefile("rw", encoding="utf-8")
        client.close()
        assert "QMP" in json.loads(stream.readline())
        self.qmp = stream
        self.ask("qmp_capabilities")
        return stream

    def ask(self, command, **arguments):
        self.qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            line = self.qmp.readline()
            assert line, f"QEMU has gone ({self.process.poll()}): {self.log()}"
            answer = json.loads(line)
            if "event" not in answer:
                assert "error" not in answer, answer
                return answer["return"]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def healthy(self):
        return self.process.poll() is None and self.ask("query-status")["status"] == "running"

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.qmp.close()
        self.process.terminate()
        code = self.process.wait(20)
        assert kind is not None or code == 0, (code, self.log())


@pytest.mark.parametrize("ports, vectors", [(14, 16), (62, 1)])
def test_qemu_bears_departures_and_returns(tmp_path, ports, vectors):
    with Server(tmp_path, "--ports", ports) as server, Peer(server, vectors) as witness:
        with Qemu(server, tmp_path, 4) as qemu:
            witness.expect([(2, True)] * vectors)
            baseline = None
            for turn in range(50):
                with Peer(server, vectors) as peer:
                    assert peer.id == 3
                    peer.ring(2, 0)
                if turn % 10 == 9:  # it has taken in by then what it was told of the first
                    assert qemu.healthy()
                    baseline = baseline or qemu.descriptors()
            assert qemu.healthy()
            assert qemu.descriptors() == baseline
            # With 16 vectors it says that its device has 4, once for each port, and goes on.
            complaints = [line for line in qemu.log().splitlines() if "Too many" not in line]
            assert complaints == []
        # The machine ends and comes again, on the same port; nobody is told.
        witness.expect([(3, True)] * vectors)
        with Qemu(server, tmp_path, 4) as qemu, Peer(server, vectors) as peer:
            assert peer.id == 3 and len(peer.eventfds[2]) == vectors
            assert qemu.healthy()
        witness.expect([])


def test_a_machine_on_a_full_fabric(tmp_path):
    """All of its descriptors, at the usual limit: 29 ports, the most with vectors for mail."""
    with Server(tmp_path, "--ports", 29) as server:
        peers = [Peer(server, 31, keep=False) for _ in range(28)]
        with Qemu(server, tmp_path, 31) as qemu:
            assert qemu.healthy()
            for peer in peers:
                peer.close()
            again = [Peer(server, 31, keep=False) for _ in range(28)]
            assert [peer.id for peer in again] == list(range(1, 29))
            assert qemu.healthy()
            assert qemu.log() == ""
        for peer in again:
            peer.close()


def test_qemu_on_a_stock_server(tmp_path):
    with Server(tmp_path, "--stock", "-n", 4) as server, Peer(server, 4) as witness:
        with Qemu(server, tmp_path, 4) as qemu:
            witness.expect([(1, True)] * 4)
            for turn in range(20):
                with Peer(server, 4) as peer:
                    assert peer.id == turn + 2
                    peer.ring(1, 0)
                    witness.expect([(peer.id, True)] * 4, quiet=0)
                witness.expect([(turn + 2, False)], quiet=0)
            assert qemu.healthy()
            assert qemu.log() == ""
        witness.expect([(1, False)])
