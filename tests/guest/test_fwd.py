# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd between guests: joining their fabrics on the host, and giving IP to their kernels."""

import re

import pytest
from famez_guest.image import make_image
from vm import EAL, expect_unharmed, pingpong, rows

from program_lib import settings
from program_lib.stage import results

COUNT = 20_000
LEFT, RIGHT = 1, 2  # fabrics


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "guest.cpio"
    return make_image(path, build_dir=settings.BUILD, plugins=["librte_net_tap.so"])


@pytest.fixture(scope="module")
def pair(world):
    """Two guests, each on a fabric of its own, where famez_fwd is port 1."""
    sockets = {number: world.stage.path(f"fabric{number}") for number in (LEFT, RIGHT)}
    for number, path in sockets.items():
        server = world.stage.run("famez_server", [settings.SERVER, "-S", path, "--fabric", number])
        server.expect_note(r"^famez_server: region ")
    eal = world.stage.eal("fwd", [f"socket={path}" for path in sockets.values()],
                          [world.stage.cpus[0]])  # fmt: skip
    world.fwd = world.stage.run(
        "famez_fwd",
        [settings.FWD, *eal, "--", "--idle-us", "50", "--json"],
        env=world.stage.environment(stock=False),
    )
    world.fwd.expect(r'"kind":"interval"', 20)
    return [world.guest(socket=path) for path in sockets.values()]


def test_two_guests_of_two_fabrics(world, pair):
    words = ["--verify", "--json", "--wait", "30", "--idle-us", "50"]
    pong = pingpong(pair[1], "pong", *words, "--size 1K")
    ping = pingpong(pair[0], "ping", *words, "--size 64-1K:mixed", "--burst 8", "--count", COUNT,
                    "--peer", f"02:fa:3e:{RIGHT:02x}:00:02")  # fmt: skip
    assert ping.wait(120) == 0, ping.output()
    assert pong.wait(20) == 0, pong.output()
    (asked,) = rows(ping)
    assert asked["received"] >= COUNT
    expect_unharmed(asked)
    expect_unharmed(rows(pong)[0])


def test_ip_between_the_guests_kernels(world, pair):
    forwarders = []
    for number, guest in enumerate(pair, start=1):
        guest.checked("modprobe tun")
        fwd = guest.start(f"famez_fwd {EAL} -a {guest.address} --vdev=net_tap0,iface=famez0 -- "
                          "--idle-us 50 --json --mbufs 8192")  # fmt: skip
        fwd.expect(r'"kind":"interval"', 60)
        guest.checked(f"ip addr add 10.99.0.{number}/24 dev famez0 && ip link set famez0 up")
        forwarders.append(fwd)
    out = pair[0].checked("ping -c 5 -W 10 10.99.0.2")
    print(out)
    assert int(re.search(r"(\d+) packets received", out).group(1)) >= 4, out
    for fwd in forwarders:
        fwd.signal(2)
        assert fwd.wait(30) == 0, fwd.output()


def test_the_sum_on_the_host(world, pair):
    assert world.fwd.stop() == 0
    summary = results(world.fwd)[-1]
    assert summary["kind"] == "summary" and summary["in"] > 2 * COUNT
    assert summary["in"] + summary["copies"] == summary["out"] + summary["dropped"]
