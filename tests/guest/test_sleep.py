# SPDX-License-Identifier: BSD-3-Clause
"""Receivers that sleep, in a guest and on the host: doorbells as MSI-X and as eventfds."""

import pytest
from vm import EAL, expect_unharmed, pingpong, rows

from program_lib.settings import long_version

SECONDS = 60 if long_version() else 5
SLOWLY = ["--verify", "--json", "--rate", "1000", "--burst", "1", "--duration", SECONDS,
          "--idle-us", "50", "--wait", "60"]  # fmt: skip
SLEEPY = ["--verify", "--json", "--idle-us", "50", "--wait", "60"]


def expect_doorbells(sent, came):
    """Nothing is lost; a sleep ends by one doorbell, or by what was there already."""
    expect_unharmed(came)
    assert came["received"] == sent["sent"] > SECONDS * 900
    sleeps, doorbells = came["xstats"]["rx_sleeps"], came["xstats"]["rx_doorbells"]
    assert sleeps > SECONDS * 100
    assert sent["xstats"]["tx_doorbells"] <= sleeps + 10
    assert doorbells <= sleeps + 10


@pytest.fixture(scope="module")
def guest(world):
    world.server()
    return world.guest()


def test_from_a_guest_to_a_sleeping_host_process(world, guest):
    rx = world.host("", "rx", *SLEEPY)
    tx = pingpong(guest, "tx", *SLOWLY, "--peer", world.last_port())
    assert tx.wait(SECONDS + 60) == 0, tx.output()
    assert rx.wait(20) == 0
    expect_doorbells(rows(tx)[0], rows(rx)[0])


def test_from_a_host_process_to_a_sleeping_guest(world, guest):
    rx = pingpong(guest, "rx", *SLEEPY)
    tx = world.host("", "tx", *map(str, SLOWLY), "--peer", "1")
    assert tx.wait(SECONDS + 60) == 0
    assert rx.wait(20) == 0, rx.output()
    expect_doorbells(rows(tx)[0], rows(rx)[0])


def test_from_a_guest_to_a_sleeping_guest(world, guest):
    other = world.guest()
    rx = pingpong(guest, "rx", *SLEEPY)
    tx = pingpong(other, "tx", *SLOWLY, "--peer", "1")
    assert tx.wait(SECONDS + 60) == 0, tx.output()
    assert rx.wait(20) == 0, rx.output()
    print(f"the sleeping guest's CPU use: {rows(rx)[0]['cpu_percent']} %")
    expect_doorbells(rows(tx)[0], rows(rx)[0])


def test_who_polls_is_never_rung(world, guest):
    rx = pingpong(guest, "rx --verify --json --wait 60")
    tx = world.host("", "tx", "--verify", "--json", "--count", "100000", "--peer", "1", "--wait", "60")
    assert tx.wait(60) == 0
    assert rx.wait(20) == 0
    assert "tx_doorbells" not in rows(tx)[0]["xstats"]
    assert "rx_doorbells" not in rows(rx)[0]["xstats"]


def test_a_device_without_interrupts_says_so(own_world):
    """uio_pci_generic: the program falls back to short sleeps."""
    own_world.server()
    guest = own_world.guest(driver="uio_pci_generic", iommu=False)
    guest.checked("echo 64 > /proc/sys/vm/nr_hugepages")
    eal = EAL.replace("--no-huge -m 64 --no-shconf", "--in-memory")
    rx = pingpong(guest, "rx", *SLEEPY, eal=eal)
    tx = own_world.host("", "tx", *map(str, SLOWLY), "--peer", "1")
    assert tx.wait(SECONDS + 60) == 0
    assert rx.wait(20) == 0, rx.output()
    expect_unharmed(rows(rx)[0])
