# SPDX-License-Identifier: BSD-3-Clause
"""The memory types of BAR2: each comes up, is what the log says, and carries traffic."""

import re

import pytest
from vm import EAL, end, expect_unharmed, pingpong, rows

FOUR_GB = 1 << 32
LOG = r"region of (\d+) MiB at (0x[0-9a-f]+), (.*) \(by (\S+)\), [\d.]+ ns a load"
PATH = "/sys/bus/pci/devices/{address}/resource2_wc"
# What the driver logs, and what the kernel's own list says then.
NAMES = {"write-back": "write-back", "write-combining": "write-combining",
         "uncached": "uncached-minus"}  # fmt: skip


@pytest.fixture(scope="module")
def above(world):
    """A guest of the default fabric: firmware places a BAR of 1 GiB above 4 GB."""
    world.server()
    return world.guest()


@pytest.fixture(scope="module")
def below(image):
    from vm import World

    with World(image) as world:
        world.server("--region-size", "64M")
        yield world.guest()


def listed_types(guest, address):
    """The kernel's record of the mappings of this address."""
    types = set()
    for line in guest.checked("cat /sys/kernel/debug/x86/pat_memtype_list").splitlines():
        found = re.match(r"PAT: \[mem (0x\w+)-(0x\w+)\] (\S+)", line)
        if found and int(found[1], 16) <= address < int(found[2], 16):
            types.add(found[3])
    return types


def echo_with(world, guest, way, expected, place):
    """famez_pingpong in the guest with bar2=WAY, and every byte of what the host sends it comes
    back. Returns what the driver logged."""
    port = 1
    pong = pingpong(guest, "pong --verify --json --size 9K --wait 60", devargs=f"bar2={way}")
    found = pong.expect(LOG, 30)
    address = int(found[2], 16)
    assert place == ("above" if address >= FOUR_GB else "below")
    assert found[3] == expected
    ping = world.host("", "ping", "--verify", "--json", "--size", "15-9K:mixed", "--burst", "32",
                      "--count", "20000", "--peer", port, "--wait", "60")  # fmt: skip
    assert listed_types(guest, address) == {NAMES[expected]}
    assert ping.wait(60) == 0
    assert pong.wait(20) == 0, pong.output()
    expect_unharmed(rows(ping)[0])
    expect_unharmed(rows(pong)[0])
    assert ("not write-back" in pong.output()) == (expected != "write-back")
    return pong.output()


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("auto", "write-back"),
        ("wb", "write-back"),
        ("wc", "write-combining"),
        ("uc", "uncached"),
        (PATH, "write-combining"),
    ],
)
def test_above_4_gb(world, above, way, expected):
    echo_with(world, above, way.format(address=above.address), expected, "above")


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("auto", "write-combining"),
        ("wc", "write-combining"),
        ("uc", "uncached"),
        (PATH, "write-combining"),
    ],
)
def test_below_4_gb(below, way, expected):
    text = echo_with(below.world, below, way.format(address=below.address), expected, "below")
    assert "a region of 1 GiB or more" in text


def test_write_back_below_4_gb_is_refused_with_the_cure(below):
    status, text = below.run(f"famez_pingpong {EAL} -a {below.address},bar2=wb -- pong --wait 0")
    assert status == 1
    assert "bar2=wb" in text and "below 4 GB" in text and "region of 1 GiB or more" in text


def test_wrong_devargs_are_explained(above):
    for devargs, message in (
        ("bar2=fast", "it can be auto, wb, wc, uc or the path of a file"),
        ("bar2=/nowhere", "No such file"),
        ("socket=/tmp/x", "they can be peer=ID, node=NAME, class=NAME, stall-ms=N, mail=0, trust=WHO, lend=N, unsummed=1 and bar2="),
        ("peer=1", "that is this port's own id"),
    ):
        status, text = above.run(f"famez_pingpong {EAL} -a {above.address},{devargs} -- pong --wait 0")
        assert status == 1 and message in text, text


def test_a_region_that_no_fabric_is_in_is_refused(own_world):
    """QEMU's own ivshmem-plain has the same PCI id."""
    guest = own_world.guest(
        socket=None,
        driver=None,
        qemu_args=["-object", "memory-backend-memfd,id=m,size=1G,share=on",
                   "-device", "ivshmem-plain,memdev=m"],  # fmt: skip
    )
    guest.address = guest.bind()
    status, text = guest.run(f"famez_pingpong {EAL} -- pong --wait 0")
    assert status == 1 and "fabric" in text, text


def test_the_end_is_clean(above):
    pong = pingpong(above, "pong --json --wait 60")
    pong.expect(LOG, 30)
    above.run("sleep 1")
    assert end(pong) == 1  # nobody came
    assert rows(pong)
