# SPDX-License-Identifier: BSD-3-Clause
"""Messages of 1 byte to 9 KB between guests, and between a guest and a host process."""

import pytest
from vm import expect_unharmed, pingpong, round_trips, rows

COUNT = 200_000
ALL_SIZES = ["--verify", "--json", "--size", "15-9K:mixed", "--wait", "30"]
ANY_SIZE = ["--verify", "--json", "--size", "9K", "--wait", "30"]
FIRST, SECOND = 1, 2  # ids, in the order in which they attach


@pytest.fixture(scope="module")
def pair(world):
    """Two guests on one fabric."""
    world.server()
    return world.guest(), world.guest()


def test_round_trips_between_two_guests(pair):
    pong = pingpong(pair[0], "pong", *ANY_SIZE)
    ping = pingpong(pair[1], "ping", *ALL_SIZES, "--burst 32", "--count", COUNT, "--peer", FIRST)
    assert pong.wait(120) == 0
    round_trips(ping, pong, COUNT)


@pytest.mark.parametrize("sender", [FIRST, SECOND])
def test_a_stream_between_two_guests(pair, sender):
    receiver = FIRST + SECOND - sender
    rx = pingpong(pair[receiver - 1], "rx", *ANY_SIZE, devargs=f"peer={sender}")
    tx = pingpong(pair[sender - 1], "tx", *ALL_SIZES, "--count", COUNT, devargs=f"peer={receiver}")
    assert tx.wait(120) == 0, tx.output()
    assert rx.wait(20) == 0, rx.output()
    (sent,), (came,) = rows(tx), rows(rx)
    assert sent["sent"] == came["received"] == COUNT
    expect_unharmed(came)
    assert came["frame_bytes"] == sent["frame_bytes"]


def test_round_trips_between_a_guest_and_a_host_process(world, pair):
    pong = world.host("", "pong", *ANY_SIZE)
    port = world.last_port()
    ping = pingpong(pair[0], "ping", *ALL_SIZES, "--burst 32", "--count", COUNT, "--peer", port)
    assert ping.wait(120) == 0, ping.output()
    assert pong.wait() == 0
    round_trips(ping, pong, COUNT)


def test_the_other_way_round(world, pair):
    pong = pingpong(pair[1], "pong", *ANY_SIZE)
    ping = world.host("", "ping", *ALL_SIZES, "--burst", "32", "--count", COUNT,
                      "--peer", SECOND)  # fmt: skip
    assert ping.wait(120) == 0
    assert pong.wait(20) == 0, pong.output()
    (asked,) = rows(ping)
    assert asked["received"] >= COUNT
    expect_unharmed(asked)
    expect_unharmed(rows(pong)[0])


def test_stock_testpmd_in_a_guest_sends_everything_back(world, pair):
    guest = pair[1]
    eal = "--no-huge -m 128 --no-shconf --no-telemetry -d librte_net_famez.so --lcores 0@0,1@0"
    echo = guest.start(
        f"dpdk-testpmd {eal} -- --interactive --no-mlockall --total-num-mbufs=8192 --no-flush-rx"
        " --disable-link-check --forward-mode=macswap --port-topology=loop"
    )
    echo.expect("testpmd> ", 30)
    echo.type("start\n")
    echo.expect("packet forwarding - ports=1", 30)
    # One at a time: testpmd drops what it cannot send at once, and its lane is not open yet.
    ping = world.host("", "ping", "--verify", "--json", "--wait", "0", "--peer", SECOND,
                      "--count", "20000", "--warmup", "100", "--size", "1400")  # fmt: skip
    ping.wait(120)
    (row,) = rows(ping)
    assert row["sent"] == 20100 and row["lost"] <= 2, row
    assert row["corrupted"] == row["reordered"] == row["duplicated"] == 0
    echo.type("show port stats all\nquit\n")
    assert echo.wait(20) == 0, echo.output()
