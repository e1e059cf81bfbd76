# SPDX-License-Identifier: BSD-3-Clause
"""Guests and their programs that are killed, rebooted, unplugged: the others go on, and the device
is usable again each time."""

import re
import signal

import pytest
from vm import EAL, end, expect_unharmed, pingpong, rows

from program_lib.processes import wait_until
from program_lib.settings import long_version

ROUNDS = 10 if long_version() else 2
FOR_EVER = ["--duration", "100000"]
STEADY = ["--verify", "--json", "--wait", "60", "--size", "64-1K"]
TESTPMD = (
    f"dpdk-testpmd {EAL.replace('-m 64', '-m 128')} --lcores 0@0,1@0 -- --interactive --no-mlockall"
    " --total-num-mbufs=4096 --no-flush-rx --disable-link-check"
)


class Stream:
    """From a guest's program, started anew each time, to one on the host that sees it go and come."""

    def __init__(self, world, guest, port):
        self.world, self.guest, self.port = world, guest, port
        self.region = world.stage.region(world.fabric)
        self.receiver = world.host(f"peer={port}", "rx", "--verify", "--stay", "--json", "--wait", "90")
        self.own = world.last_port()
        self.sender = None

    def start(self, eal=EAL):
        """The guest's program; returns when its messages come."""
        devargs = f"peer={self.own}"
        sender = pingpong(self.guest, "tx --verify", *FOR_EVER, "--wait 60", devargs=devargs, eal=eal)
        first = self.received()
        wait_until(
            lambda: self.received() > first + 20_000 or not sender.running(), 60, "messages come"
        )
        assert sender.running(), sender.output()
        self.sender = sender
        return sender

    def stop(self):
        assert end(self.sender) == 0, self.sender.output()

    def kill(self):
        self.sender.signal(signal.SIGKILL)
        assert self.sender.wait(10) == 128 + signal.SIGKILL

    def received(self):
        return self.region.counters(self.own)["rx_messages"]

    def expect_down(self, act):
        """That the host's program tells of what act() does; then all of it has come that will."""
        start = len(self.receiver.err.text)
        result = act()
        self.receiver.expect_note(r"link down", 20, start)
        return result

    def expect_up(self, start=0):
        self.receiver.expect_note(r"link up: going on", 60, start)

    def close(self):
        """Nothing of what came was harmed, whoever died."""
        self.receiver.stop()
        found = rows(self.receiver)
        assert found
        for row in found:
            assert row["corrupted"] == row["reordered"] == row["duplicated"] == 0, row


@pytest.fixture
def stream(own_world):
    own_world.server()
    made = Stream(own_world, own_world.guest(), 1)
    yield made
    made.close()


def test_a_program_is_killed_and_started_again(stream):
    stream.start()
    for _ in range(5):
        mark = len(stream.receiver.err.text)
        stream.expect_down(stream.kill)
        stream.start()
        stream.expect_up(mark)
    stream.stop()


def test_a_guest_reboots_and_qemu_does_not_end(stream):
    stream.start()
    mark = len(stream.receiver.err.text)
    stream.expect_down(stream.guest.reboot)
    stream.guest.bind()
    stream.start()
    stream.expect_up(mark)
    assert stream.world.last_port() == stream.own  # nobody came or went, as the server sees it
    stream.stop()


def test_the_device_is_bound_again(stream):
    guest = stream.guest
    for driver in ("none", "vfio-pci", "none", "vfio-pci"):
        guest.bind(driver)
    stream.start()
    status, text = guest.run(f"famez_pingpong {EAL} -- pong --wait 0")
    assert status == 1 and "VFIO does not give the device" in text  # one program at a time
    stream.stop()
    guest.bind("none")
    status, text = guest.run(f"famez_pingpong {EAL} -- pong --wait 0")
    assert status == 1 and "must be bound to vfio-pci" in text
    guest.bind("vfio-pci")
    stream.start()
    stream.stop()


def test_polling_through_uio(own_world):
    own_world.server()
    guest = own_world.guest(driver="uio_pci_generic", iommu=False)
    guest.checked("echo 64 > /proc/sys/vm/nr_hugepages")
    eal = "--in-memory --no-telemetry -d librte_net_famez.so"
    stream = Stream(own_world, guest, 1)
    for _ in range(2):
        stream.start(eal)
        status, text = guest.run(f"famez_pingpong {eal} --file-prefix b -m 16 -- pong --wait 0")
        assert status == 1 and "in use by another program" in text
        stream.expect_down(stream.kill)
    stream.close()


def test_the_device_is_taken_out_under_load_and_put_back(own_world):
    own_world.server()
    guest = own_world.guest(hotplug=True)
    stream = Stream(own_world, guest, 1)
    for _ in range(2):
        sender = stream.start()
        guest.unplug()
        assert sender.wait(10) == 1
        assert "takes the device away" in sender.output()
        guest.plug()
        guest.checked("for i in $(seq 50); do guest-bind none 2> /dev/null && break; sleep .1; done")
        guest.address = guest.bind()
    stream.start()
    stream.stop()
    stream.close()


def test_stock_testpmd_lets_the_device_go(own_world):
    own_world.server()
    guest = own_world.guest(hotplug=True)
    testpmd = guest.start(TESTPMD)
    testpmd.expect("testpmd> ", 30)
    testpmd.type("start\n")
    testpmd.expect("packet forwarding - ports=1", 20)
    guest.unplug()
    testpmd.type("quit\n")
    assert testpmd.wait(20) == 0, testpmd.output()


def test_stock_testpmd_detaches_and_attaches_the_device(own_world):
    own_world.server()
    guest = own_world.guest()
    testpmd = guest.start(TESTPMD)
    testpmd.expect("testpmd> ", 30)
    for _ in range(3):
        start = len(testpmd.output())
        testpmd.type(f"port stop 0\nport close 0\ndevice detach {guest.address}\n")
        testpmd.expect("Device .* is detached", 20, start)
        testpmd.type(f"port attach {guest.address}\n")
        testpmd.expect("Port 0 is attached", 20, start)
        testpmd.type("port start 0\n")
        testpmd.expect("Configuring Port 0", 20, start)
    testpmd.type("show port info 0\nquit\n")
    assert testpmd.wait(20) == 0, testpmd.output()
    assert "Link status: up" in testpmd.output()


def test_qemu_is_killed_again_and_again(own_world):
    """One guest's QEMU dies under load and a new one takes its id; another guest and a host process
    that measure each other lose nothing, and that guest is as healthy as before."""
    own_world.server()
    survivor = own_world.guest()
    pong = pingpong(survivor, "pong --verify --json --size 9K --wait 60")
    ping = own_world.host("", "ping", *STEADY[:-1], "64", *FOR_EVER, "--peer", "1", "--warmup", "10")
    victim = own_world.guest()
    port = own_world.last_port()
    stream = Stream(own_world, victim, port)
    stream.start()
    for _ in range(ROUNDS):
        mark = len(stream.receiver.err.text)
        stream.expect_down(stream.guest.kill)
        stream.guest = own_world.guest()
        assert own_world.last_port() == port
        stream.start()
        stream.expect_up(mark)
    assert survivor.alive() and pong.running() and ping.running()
    ping.stop(30)
    pong.wait(30)
    for program in (ping, pong):
        (row,) = rows(program)
        assert row["received"] > 1000
        expect_unharmed(row)
    # The survivor's doorbells and vectors are still whole: it can serve the newest guest. The
    # receiver on the host ends first: a third poller would take each round trip a scheduler's slice.
    stream.stop()
    stream.close()
    pong = pingpong(survivor, "pong --verify --json --wait 60")
    ping = pingpong(stream.guest, "ping --verify --json --wait 60 --count 2000 --peer 1")
    assert ping.wait(60) == 0 and pong.wait(20) == 0
    expect_unharmed(rows(ping)[0])
    assert not re.search(r"BUG|Oops|Call Trace", survivor.checked("dmesg"))
