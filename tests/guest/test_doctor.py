# SPDX-License-Identifier: BSD-3-Clause
"""famez_doctor in guests that are set up well, and badly: it finds what is wrong and nothing else."""

import json

import pytest


def ask(guest, *options):
    """The exit status, and the findings by name. A program of its own gets the device afterwards."""
    status, text = guest.run(" ".join(["famez_doctor", "--json", *options]))
    report = json.loads(text)
    assert report["place"] == "guest"
    return status, {check["name"]: check for check in report["checks"]}


def problems(checks):
    return {name for name, check in checks.items() if check["verdict"] == "problem"}


@pytest.fixture
def good(own_world):
    own_world.server()
    guest = own_world.guest()
    # The one thing that our guests lack: DPDK can do without.
    guest.checked("echo 16 > /proc/sys/vm/nr_hugepages")
    return guest


def test_a_guest_set_up_well(good):
    status, checks = ask(good)
    assert status == 0
    assert not problems(checks)
    assert "vfio-pci" in checks["driver"]["found"]
    assert "write-back" in checks["memory type"]["found"]
    assert "14 ports" in checks["region"]["found"]
    assert {check["verdict"] for check in checks.values()} <= {"ok", "not applicable"}, checks
    # It also looks while a program has the device, and does that no harm.
    pong = good.start("famez_pingpong --no-huge -m 64 --no-shconf -d librte_net_famez.so -- pong --wait 3")
    pong.expect("ns a load", 20)
    assert ask(good)[0] == 0
    assert pong.running()


def test_not_bound(good):
    good.unbind()
    status, checks = ask(good)
    assert status == 1
    assert problems(checks) == {"driver"}
    assert f"dpdk-devbind.py -b vfio-pci {good.address}" in checks["driver"]["cure"]


def test_no_viommu(own_world):
    own_world.server()
    guest = own_world.guest(driver=None, iommu=False)
    status, checks = ask(guest)
    assert status == 1
    assert "viommu" in {name.lower() for name in problems(checks)}
    (viommu,) = (check for name, check in checks.items() if name.lower() == "viommu")
    assert "intel-iommu" in viommu["cure"]


def test_no_server(good):
    """It has died under the guest, which goes on; the doctor notices that its heartbeat stands."""
    server = good.world.fabric
    server.kill()
    status, checks = ask(good)
    assert status == 1
    assert problems(checks) == {"server"}


def test_no_device(own_world):
    guest = own_world.guest(socket=None, driver=None)
    status, checks = ask(guest)
    assert status == 1
    assert problems(checks) == {"device"}
    assert "ivshmem-doorbell" in checks["device"]["cure"]


def test_bar2_unassigned(own_world):
    """A region for which the guest's address space has no room."""
    own_world.server("--region-size", "64G")
    guest = own_world.guest(qemu_args=["-cpu", "max,phys-bits=36"])
    status, checks = ask(guest)
    assert status == 1
    assert "bar2" in {name.lower() for name in problems(checks)}
    (bar2,) = (check for name, check in checks.items() if name.lower() == "bar2")
    assert "--region-size" in bar2["cure"]
    # The driver says the same.
    text = guest.run("famez_pingpong --no-huge -m 64 --no-shconf -d librte_net_famez.so -- pong --wait 0")[1]
    assert "BAR2 has no address" in text
