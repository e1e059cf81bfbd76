# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd between a fabric and what is none: memif, vhost-user, and a wire to another host."""

import pathlib
import subprocess

import pytest

from fwd_stage import NUMBERS, Forwarder, private_network
from program_lib import settings
from program_lib.stage import results

COUNT = 200_000
ALWAYS = ["--verify", "--json", "--wait", "30"]


def need(driver):
    if not list(pathlib.Path("/usr/lib").glob(f"*/dpdk/pmds-*/librte_net_{driver}.so*")):
        pytest.skip(f"DPDK has no net_{driver} here")


class Border:
    """A fabric; in it famez_fwd has id 1, a famez_pingpong id 2. Another famez_pingpong is at the
    other end of famez_fwd's second port."""

    def __init__(self, stage, inner, outer, hugepages=None):
        self.stage = stage
        self.outer = [f"--vdev={outer}"]
        self.hugepages = hugepages
        if hugepages:
            # vhost-user takes memory of a few files only.
            self.outer.append("--single-file-segments")
        stage.server()
        eal = [f"--vdev=net_famez0,socket={stage.socket},peer=2", f"--vdev={inner}"]
        self.fwd = Forwarder(stage, eal, "--mode", "io", "--idle-us", "50").started()

    def inside(self, role, *options):
        return self.stage.pingpong("peer=1", role, *options, *ALWAYS)

    def outside(self, role, *options):
        name = f"outside{next(NUMBERS)}"
        cpu = self.stage.cpus[-1 if role in ("tx", "ping") else 0]
        eal = [*self.stage.eal(name, [], [cpu], self.hugepages), *self.outer]
        words = [settings.PINGPONG, *eal, "--", role, *options, *ALWAYS]
        return self.stage.run(name, words, env=self.stage.environment(stock=False))

    def stream(self, sender, receiver):
        rx = receiver("rx", "--idle-us", "20")
        tx = sender("tx", "--count", COUNT, "--size", "15-1500:mixed")
        assert [tx.wait(60), rx.wait(30)] == [0, 0]
        assert results(rx)[0]["received"] == COUNT

    def check(self):
        """Into the fabric and out of it, by another program each time: all arrives."""
        self.stream(self.outside, self.inside)
        self.stream(self.inside, self.outside)
        assert self.fwd.end()["in"] >= 2 * COUNT


def test_memif(stage):
    need("memif")
    # Its server waits for clients, as famez_fwd does for all; a client tries but once.
    common = f"net_memif0,id=0,socket={stage.path('memif')},role="
    border = Border(stage, common + "server", common + "client")
    pong = border.outside("pong", "--stay", "--idle-us", "20")
    ping = border.inside("ping", "--count", COUNT, "--burst", "32", "--warmup", "0",
                         "--size", "15-1500:mixed", "--idle-us", "20")  # fmt: skip
    assert ping.wait(60) == 0
    assert results(ping)[0]["received"] == COUNT
    # It frees its rings in another thread than polls them when its other end goes: so that stays.
    assert border.fwd.end()["in"] >= 2 * COUNT
    pong.kill()


def test_vhost_user(stage, hugepages):
    need("vhost")
    need("virtio")
    path = stage.path("vhost")
    Border(stage, f"net_vhost0,iface={path}", f"net_virtio_user0,path={path}", hugepages).check()


def test_a_wire_to_the_next_host(stage):
    """A pair of Ethernet devices of the kernel stands for two NICs and their cable."""
    need("af_packet")
    private_network()
    ends = [f"famez{i}" for i in range(2)]
    for command in ("add {} type veth peer name {}", "set {} up", "set {1} up"):
        subprocess.run(["ip", "link", *command.format(*ends).split()], check=True)
    hosts = []
    for number, end in enumerate(ends, 1):
        path = stage.path(end)
        server = stage.run("famez_server", [settings.SERVER, "-S", path, "--fabric", number])
        server.expect_note(r"^famez_server: region ")
        eal = [f"--vdev=net_famez0,socket={path}", f"--vdev=net_af_packet0,iface={end}"]
        hosts.append(Forwarder(stage, eal, "--idle-us", "50").started())
    pong = stage.pingpong(f"socket={stage.path(ends[1])}", "pong", "--idle-us", "50", *ALWAYS)
    # The kernel's devices lose what is too much: 512 frames at once.
    ping = stage.pingpong(f"socket={stage.path(ends[0])}", "ping", "--peer", "02:fa:3e:02:00:02",
                          "--rate", "500", "--count", "1000", "--idle-us", "50", *ALWAYS)  # fmt: skip
    assert [ping.wait(60), pong.wait(30)] == [0, 0]
    assert results(ping)[0]["lost"] == 0
    for host in hosts:
        assert host.end()["in"] >= 2000
