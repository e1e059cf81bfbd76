# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd's modes, frame by frame, over taps."""

import signal
import time

import pytest

from fwd_stage import BROADCAST, Forwarder, Stand, Tap, frame, private_network, text_of

A, B, C, D = (f"02:00:00:00:00:0{i}" for i in range(1, 5))
STRANGER = "02:00:00:00:00:99"


@pytest.fixture(scope="module", autouse=True)
def network():
    private_network()


@pytest.fixture
def stand(stage):
    stand = Stand(stage)
    yield stand
    stand.close()


def introduce(stand, *addresses):
    """Lets the switch see each at its port, in this order; the others hear of it."""
    for tap, address in zip(stand.taps, addresses):
        tap.send(frame(BROADCAST, address, "hello"))
        for other in stand.taps:
            other.expect(0 if other is tap else 1)


def test_io_connects_pairs(stand):
    fwd = stand.run(4, "--mode", "io")
    for i, other in enumerate([1, 0, 3, 2]):
        stand.taps[i].send(*[frame(STRANGER, A, f"{i} {n}") for n in range(50)])
        came = stand.taps[other].expect(50)
        assert [text_of(data) for data in came] == [f"{i} {n}" for n in range(50)]
    summary = fwd.end()
    assert summary["in"] == summary["out"] == 200
    assert [port["in"] for port in summary["ports"]] == [50] * 4


def test_macswap_turns_round(stand):
    fwd = stand.run(1, "--mode", "macswap")
    stand.taps[0].send(frame(B, A, "there"))
    (came,) = stand.taps[0].expect(1)
    assert came == frame(A, B, "there")
    assert fwd.end()["out"] == 1


def test_hub_sends_to_all_others(stand):
    fwd = stand.run(3, "--mode", "hub")
    stand.taps[1].send(frame(A, B, "x"))
    for tap, count in zip(stand.taps, (1, 0, 1)):
        tap.expect(count)
    summary = fwd.end()
    assert (summary["in"], summary["copies"], summary["out"]) == (1, 1, 2)


def test_switch_learns(stand):
    fwd = stand.run(3)
    # Nobody is known: all others hear it.
    stand.taps[0].send(frame(B, A, "unknown"))
    for tap, count in zip(stand.taps, (0, 1, 1)):
        tap.expect(count)
    # A is known from that.
    stand.taps[1].send(frame(A, B, "answer"))
    for tap, count in zip(stand.taps, (1, 0, 0)):
        tap.expect(count)
    # And what is for somebody behind the same port stays there.
    stand.taps[0].send(frame(BROADCAST, C, "me too"))
    stand.taps[1].expect(1)
    stand.taps[2].expect(1)
    stand.taps[0].send(frame(A, C, "neighbour"))
    for tap in stand.taps:
        tap.expect(0)
    summary = fwd.end()
    assert summary["drops"] == {"same_port": 1}
    assert summary["addresses"] == 3


def test_an_address_that_moves(stand):
    fwd = stand.run(3)
    introduce(stand, A, B, C)
    stand.taps[2].send(frame(B, A, "from elsewhere"))
    stand.taps[1].expect(1)
    stand.taps[1].send(frame(A, B, "after you"))
    for tap, count in zip(stand.taps, (0, 0, 1)):
        tap.expect(count)
    assert fwd.end()["address_moves"] == 1


def test_ageing(stand):
    fwd = stand.run(3, "--ageing", "6")
    introduce(stand, A, B, C)
    stand.taps[1].send(frame(A, B, "still there"))
    stand.taps[0].expect(1)
    fwd.wait_for(lambda now: now["addresses"] == 0, 20)
    stand.taps[1].send(frame(A, B, "gone"))
    for tap, count in zip(stand.taps, (1, 0, 1)):
        tap.expect(count)
    fwd.end()


def test_a_full_table_floods(stand):
    fwd = stand.run(3, "--table-size", "2")
    introduce(stand, A, B, C)
    stand.taps[0].send(frame(B, A, "known"))
    stand.taps[1].expect(1)
    stand.taps[0].send(frame(C, A, "did not fit"))
    for tap, count in zip(stand.taps, (0, 1, 1)):
        tap.expect(count)
    summary = fwd.end()
    assert summary["addresses"] == 2 and summary["addresses_refused"] >= 1


def test_a_port_that_goes_down_is_forgotten(stand):
    fwd = stand.run(2)
    introduce(stand, A, B)
    fwd.wait_for(lambda now: now["addresses"] == 2)
    with open("/proc/self/net/dev", encoding="ascii") as devices:
        assert "fwd1" in devices.read()
    stand.stage.run("ip", ["ip", "link", "set", "fwd1", "down"]).wait()
    fwd.wait_for(lambda now: now["ports"][1]["link"] == "down" and now["addresses"] == 1)
    stand.stage.run("ip", ["ip", "link", "set", "fwd1", "up"]).wait()
    fwd.wait_for(lambda now: now["ports"][1]["link"] == "up")
    stand.taps[1].close()
    stand.taps[1] = Tap("fwd1")
    stand.taps[1].send(frame(A, B, "back"))
    stand.taps[0].expect(1)
    fwd.end()


def test_floods_are_limited(stand):
    fwd = stand.run(2, "--flood-rate", "100")
    for n in range(200):
        stand.taps[0].send(frame(BROADCAST, A, str(n)))
    fwd.wait_for(lambda now: now["in"] == 200 == now["out"] + now["dropped"])
    came = len(stand.taps[1].expect(fwd.last()["out"]))
    summary = fwd.end()
    assert 1 <= came < 200
    assert summary["drops"] == {"flood_limited": 200 - came}


ROUTES = """
# destination  port
default        drop
3              1
300,28         1 as 02:00:00:00:00:04
{C}            0
7              drop
"""


def write_routes(stand, text):
    path = stand.stage.path("routes")
    with open(path, "w", encoding="ascii") as file:
        file.write(text.format(C=C))
    return path


def test_routes(stand):
    path = write_routes(stand, ROUTES)
    fwd = stand.run(2, "--mode", "route", "--routes", path)
    to = {"02:fa:3e:00:00:03": "port", "06:00:01:2c:00:1c": "component", "02:fa:3e:00:00:07": "no",
          STRANGER: "default"}
    stand.taps[0].send(*[frame(address, A, text) for address, text in to.items()])
    came = stand.taps[1].expect(2)
    assert came == [frame("02:fa:3e:00:00:03", A, "port"), frame(D, A, "component")]
    stand.taps[1].send(frame(C, A, "back"))
    stand.taps[0].expect(1)
    summary = fwd.end()
    assert summary["drops"] == {"by_route": 2} and summary["routes"] == 4


def test_new_routes_and_bad_ones(stand):
    path = write_routes(stand, f"{A} 1\n")
    fwd = stand.run(2, "--mode", "route", "--routes", path)
    stand.taps[0].send(frame(A, B), frame(C, B))
    stand.taps[1].expect(1)
    write_routes(stand, f"{A} 1\n{C} 1\n")
    fwd.program.signal(signal.SIGHUP)
    fwd.program.expect_note(r"2 routes in force")
    stand.taps[0].send(frame(A, B), frame(C, B))
    stand.taps[1].expect(2)
    write_routes(stand, f"{A} 1\n{C} 17\n")
    fwd.program.signal(signal.SIGHUP)
    fwd.program.expect_note(rf"{path}:2: ")
    fwd.program.expect_note(r"the routes stay as they were")
    stand.taps[0].send(frame(A, B), frame(C, B))
    stand.taps[1].expect(2)
    assert fwd.end()["drops"] == {"no_route": 1}


def test_a_bad_file_at_the_start(stand):
    path = write_routes(stand, "3 nowhere\n")
    with pytest.raises(AssertionError):
        stand.run(2, "--mode", "route", "--routes", path)
    assert f"{path}:1: " in stand.forwarder.program.err.text
    assert stand.forwarder.program.wait() == 1


def test_delay(stand):
    fwd = stand.run(2, "--mode", "io", "--impair", "1:delay=2s")
    start = time.monotonic()
    stand.taps[0].send(*[frame(B, A, str(n)) for n in range(20)])
    # The other direction has none: what is sent there later comes earlier.
    stand.taps[1].send(frame(A, B))
    stand.taps[0].expect(1)
    stand.taps[1].expect(0)
    came = stand.taps[1].expect(20)
    assert time.monotonic() - start >= 2
    assert [text_of(data) for data in came] == [str(n) for n in range(20)]
    fwd.end()


def test_loss_and_duplicates_add_up(stand):
    fwd = stand.run(2, "--mode", "io", "--seed", "7", "--impair", "1:loss=20%,duplicate=20%")
    # In parts: the kernel keeps but 500 frames for who reads a tap too slowly.
    for part in range(0, 1000, 250):
        stand.taps[0].send(*[frame(B, A, str(n)) for n in range(part, part + 250)])
        fwd.wait_for(lambda now, all_of=part + 250: now["in"] == all_of)
    fwd.wait_for(lambda now: now["in"] == 1000 and
                 now["in"] + now["copies"] == now["out"] + now["dropped"])
    stand.taps[1].expect(fwd.last()["out"])
    summary = fwd.end()
    # Six standard deviations of the binomial distribution.
    assert abs(summary["copies"] - 200) < 6 * 12.7
    assert abs(summary["drops"]["lost"] - summary["copies"] * 0.2 - 200) < 6 * 14


def test_a_loop_of_two_switches_does_not_melt(stand, stage):
    """Two cables between them: what is flooded goes round for ever, but only so fast, and between
    others frames get through."""
    sockets = [stage.path(f"loop{i}") for i in range(2)]
    memif = [f"net_memif{i},id=0,socket={path}" for i, path in enumerate(sockets)]
    other = Forwarder(stage, [f"--vdev={m},role=server" for m in memif], "--interval", "0.1",
                      "--flood-rate", "1K").started()
    taps = [f"--vdev=net_tap{i},iface=fwd{i}" for i in range(2)]
    fwd = Forwarder(stage, [*taps, *[f"--vdev={m},role=client" for m in memif]], "--interval",
                    "0.1", "--flood-rate", "1K").started()
    fwd.wait_for(lambda now: all(port["link"] == "up" for port in now["ports"]))
    stand.taps = [Tap("fwd0"), Tap("fwd1")]
    introduce_all = [frame(BROADCAST, A), frame(BROADCAST, B)]
    stand.taps[0].send(introduce_all[0])
    stand.taps[1].send(introduce_all[1])
    before = fwd.next()
    fwd.wait_for(lambda now: now["flooded"] > before["flooded"] + 200)
    after = fwd.last()
    seconds = after["seconds"] - before["seconds"]
    floods = after["flooded"] - before["flooded"]
    assert floods <= 4 * 1000 * seconds * 1.5
    # net_memif may crash when its other end goes; one that is stopped does not see it.
    other.program.signal(signal.SIGSTOP)
    fwd.end()
