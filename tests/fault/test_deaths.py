# SPDX-License-Identifier: BSD-3-Clause
"""Programs that are killed or stopped under full load: the others notice, count and go on."""

import signal
import time

import pytest

from program_lib.processes import wait_until
from program_lib.settings import long_version, slow
from program_lib.stage import kill_server, results, wait_for_state

ROUNDS = 100 if long_version() else 10
RX, TX = 1, 2  # ids, in the order in which they attach
RECORD = 8 + 64  # of a 64-byte frame
FOR_EVER = ["--duration", "100000"]
WAIT = ["--wait", "60", "--json"]


@pytest.fixture
def fabric(stage):
    """A server, its region, and the two programs' starters."""

    class Fabric:
        server = stage.server()
        region = stage.region(server)

        @staticmethod
        def rx(*options):
            return stage.pingpong(f"peer={TX}", "rx", "--verify", *WAIT, *options)

        @staticmethod
        def tx(*options):
            return stage.pingpong(f"peer={RX}", "tx", "--verify", *WAIT, *options)

        @classmethod
        def received(cls):
            return cls.region.counters(RX)["rx_messages"]

        @classmethod
        def messages_come(cls, more=50_000):
            first = cls.received()
            wait_until(lambda: cls.received() > first + more, 20, "messages come")

        @classmethod
        def pair(cls):
            receiver = cls.rx("--stay")
            wait_for_state(cls.region, RX, "up", 20)
            sender = cls.tx(*FOR_EVER)
            wait_until(lambda: cls.received() > 50_000, 30, "messages come")
            # A ring for the stream, and one for what the receiver says of it.
            wait_until(lambda: cls.rings() == (1, 1), 10, "a ring each way")
            return receiver, sender

        @classmethod
        def rings(cls):
            return tuple(cls.region.counters(port)["rx_rings_held"] for port in (RX, TX))

    return Fabric


def kill_and_time(victim, survivor):
    """Seconds until the survivor has told that the link is down."""
    start = len(survivor.err.text)
    killed = time.monotonic()
    victim.kill()
    survivor.expect_note(r"link down: .*", 10, start)
    return time.monotonic() - killed


def expect_quick_news(times):
    """A survivor tells of a death within a second. What is more is the machine's doing when it is
    busy; the quickest is the code's."""
    assert min(times) < 1.0 * slow(), times


def holdings(fabric):
    """What must not grow from one round to the next."""
    return (fabric.server.descriptors(), *fabric.rings())


def expect_rows_without_damage(program, rows=None):
    """What came, came whole and in order."""
    found = results(program)
    assert found, f"{program.name} has no result"
    assert rows is None or len(found) == rows
    for row in found:
        assert row["corrupted"] == row["reordered"] == row["duplicated"] == 0, row
    return found


def test_the_receiver_is_killed_again_and_again(fabric):
    receiver, sender = fabric.pair()
    before = holdings(fabric)
    lost = 0
    times = []
    for _ in range(ROUNDS):
        opened = fabric.region.counters(TX)["tx_lanes_opened"]
        times.append(kill_and_time(receiver, sender))
        receiver = fabric.rx("--stay")
        sender.expect_note(r"link up: going on", 20, sender.err.text.rindex("link down"))
        fabric.messages_come()
        wait_until(lambda: holdings(fabric) == before, 20, f"back at {before}")
        # What was under way is counted, and was no more than a ring holds. The table shows it as late
        # as it shows the lane that was opened since.
        wait_until(lambda o=opened: fabric.region.counters(TX)["tx_lanes_opened"] > o, 10,
                   "the sender's counters")
        counted = fabric.region.counters(TX)["tx_lost_in_flight"]
        assert 0 <= counted - lost <= fabric.region.ring_bytes // RECORD + 1
        lost = counted
    expect_quick_news(times)
    assert lost > 0
    assert sender.stop() in (0, 1)
    (row,) = results(sender)
    # More of them when the machine is so busy that a heartbeat is missed.
    assert row["link_downs"] >= ROUNDS
    assert row["xstats"]["tx_lanes_opened"] >= ROUNDS + 1
    # The last receiver has all that was sent since it came.
    assert row["peer_verified"] and row["peer_lost"] == row["peer_corrupted"] == 0
    receiver.stop()
    expect_rows_without_damage(receiver)


def test_the_sender_is_killed_again_and_again(fabric):
    receiver, sender = fabric.pair()
    before = holdings(fabric)
    times = []
    for _ in range(ROUNDS):
        times.append(kill_and_time(sender, receiver))
        sender = fabric.tx(*FOR_EVER)
        receiver.expect_note(r"link up", 20, receiver.err.text.rindex("link down"))
        fabric.messages_come()
        wait_until(lambda: holdings(fabric) == before, 20, f"back at {before}")
    expect_quick_news(times)
    assert sender.stop() == 0
    assert receiver.stop() == 0
    rows = expect_rows_without_damage(receiver, rows=ROUNDS + 1)
    # All that a dead sender had handed over was taken: without a gap, up to its end.
    assert all(row["lost"] == 0 for row in rows)
    assert sum(row["link_downs"] for row in rows) >= ROUNDS
    assert rows[-1]["received"] == results(sender)[0]["sent"]


def test_both_are_killed_in_turn(fabric):
    receiver, sender = fabric.pair()
    before = holdings(fabric)
    for number in range(ROUNDS // 2):
        if number % 2:
            sender.kill()
            wait_for_state(fabric.region, TX, "absent")
            sender = fabric.tx(*FOR_EVER)
        else:
            receiver.kill()
            wait_for_state(fabric.region, RX, "absent")
            receiver = fabric.rx("--stay")
        wait_until(lambda: fabric.region.state(RX) == fabric.region.state(TX) == "up", 20, "up")
        fabric.messages_come()
        wait_until(lambda: holdings(fabric) == before, 20, f"back at {before}")
    assert sender.stop() == 0
    assert receiver.stop() == 0
    expect_rows_without_damage(receiver)


def test_the_server_is_killed(fabric):
    receiver, sender = fabric.pair()
    kill_server(fabric.server)
    for program in (receiver, sender):
        program.expect_note(r"net_famez0: the server has gone")
    fabric.messages_come(500_000)
    assert sender.stop() == 0
    (sent,) = results(sender)
    assert receiver.stop() == 0
    (came,) = expect_rows_without_damage(receiver)
    assert came["lost"] == 0 and came["received"] == sent["sent"] == sent["peer_received"]


@pytest.mark.parametrize("who", ["receiver", "sender"])
def test_one_is_stopped_for_a_while(fabric, who):
    receiver, sender = fabric.pair()
    stopped, other = (receiver, sender) if who == "receiver" else (sender, receiver)
    for seconds in (1.5, 0.2, 3.0):
        start = len(other.err.text)
        stopped.signal(signal.SIGSTOP)
        if seconds > 1:
            # Not as soon as for a death: a busy machine can keep a process waiting for a while.
            other.expect_note(r"link down", 10, start)
        time.sleep(seconds)
        stopped.signal(signal.SIGCONT)
        if seconds > 1:
            other.expect_note(r"link up", 10, start)
        fabric.messages_come()
    assert sender.stop() == 0
    assert receiver.stop() == 0
    (sent,) = results(sender)
    (came,) = expect_rows_without_damage(receiver)
    assert came["lost"] == 0 and came["received"] == sent["sent"]
    assert sent["xstats"].get("tx_lost_in_flight", 0) == 0
