# SPDX-License-Identifier: BSD-3-Clause
"""Zero copy, proven by counts: what is lent is not copied, and all of it comes back."""

import pytest

from program_lib.processes import wait_until
from program_lib.settings import BUILD, long_version
from program_lib.stage import results, wait_for_state
from program_lib.testpmd import end, statistics

RX, TX = 1, 2  # ids, in the order in which they attach
PROBE = BUILD / "tests/drivers/zero_copy_probe"
COUNT = 10_000_000 if long_version() else 100_000
SECONDS = 600 if long_version() else 30
COMMON = ["--verify", "--json", "--wait", "60"]
# A frame a buffer, and so few of them that all are lent many times.
BUFFERS = ["--mbuf-size", "9600", "--mbufs", "2048"]
JUMBO = ["--size", "9000", *BUFFERS]
# What a stream has beside its data: hello and end, repeated until they are answered.
CONTROL_BYTES = 20_000


def receiver_of(stage, *options, trust="trust=all"):
    receiver = stage.pingpong(f"peer={TX}" + (f",{trust}" if trust else ""), "rx", *COMMON,
                              *options)
    # It has its id.
    receiver.expect_note(r"waiting for the link", 20)
    return receiver


def sender_of(stage, *options, lends=True):
    return stage.pingpong(f"peer={RX}", "tx", *COMMON, *(["--zero-copy"] if lends else []),
                          *options)


def finish(sender, receiver):
    """Both have ended well, without a word of complaint; their rows."""
    assert sender.wait(SECONDS) == 0
    assert receiver.wait() == 0
    for program in (sender, receiver):
        assert "hold" not in program.err.text and "held" not in program.err.text
    (sent,) = results(sender)
    (came,) = results(receiver)
    assert came["content_verified"]
    assert sent["sent"] == came["received"] == sent["peer_received"]
    for fault in ("lost", "reordered", "corrupted", "duplicated"):
        assert came[fault] == sent[f"peer_{fault}"] == 0
    assert "rx_lane_poisoned" not in came["xstats"]
    assert "tx_credits_ignored" not in sent["xstats"]
    return sent, came


def stream(stage, *options, count=COUNT, trust="trust=all", lends=True, size=JUMBO):
    receiver = receiver_of(stage, *size, *options, trust=trust)
    return finish(sender_of(stage, *size, *options, "--count", count, lends=lends), receiver)


def lent(row, way):
    """References, and the bytes that were copied all the same."""
    xstats = row["xstats"]
    total = row["ethdev"]["obytes" if way == "tx" else "ibytes"]
    return xstats.get(f"{way}_references", 0), total - xstats.get(f"{way}_reference_bytes", 0)


def test_nothing_is_copied(stage):
    stage.server()
    sent, came = stream(stage)
    for row, way in ((sent, "tx"), (came, "rx")):
        references, copied = lent(row, way)
        assert references == COUNT
        assert 0 < copied < CONTROL_BYTES


def test_fabric_ports(stage):
    """Without a peer of their own. Broadcast frames, as the hello, are copied."""
    stage.server()
    receiver = stage.pingpong("trust=all", "rx", *COMMON, *JUMBO)
    receiver.expect_note(r"Selected IOVA", 20)
    # Patient: nothing may be lost, even if the machine keeps the receiver waiting for a moment.
    sender = stage.pingpong("stall-ms=10000", "tx", *COMMON, "--zero-copy", *JUMBO, "--count", COUNT,
                            "--peer", RX)
    sent, came = finish(sender, receiver)
    assert lent(sent, "tx")[0] == lent(came, "rx")[0] == COUNT


# Who is trusted, and whether the sender lends: who still has no copy.
@pytest.mark.parametrize("trust, lends, tx_lends, rx_keeps", [
    (None, True, True, False),
    ("trust=9", True, True, False),
    ("trust=9+2", True, True, True),
    ("trust=all", False, False, False),
])
def test_each_end_decides_for_itself(stage, trust, lends, tx_lends, rx_keeps):
    stage.server()
    count = 20_000
    sent, came = stream(stage, count=count, trust=trust, lends=lends)
    assert lent(sent, "tx")[0] == (count if tx_lends else 0)
    assert lent(came, "rx")[0] == (count if rx_keeps else 0)


def test_mixed_sizes(stage):
    stage.server()
    sent, came = stream(stage, size=["--size", "64-9K:mixed", *BUFFERS])
    for row, way in ((sent, "tx"), (came, "rx")):
        references, copied = lent(row, way)
        # Frames below 256 bytes are copied: 2 of the 7 doublings from 64 to 9216.
        assert 0.6 * COUNT < references < 0.8 * COUNT
        assert copied < COUNT * 0.4 * 256 + CONTROL_BYTES
    assert lent(sent, "tx")[0] == lent(came, "rx")[0]


# ---- frames of other pools, which the driver copies into the arena (devarg lend) ----


def copied_stream(stage, devargs, *options, trust="trust=all"):
    receiver = receiver_of(stage, *options, trust=trust)
    sender = stage.pingpong(f"peer={RX},{devargs}", "tx", *COMMON, *options, "--count", COUNT)
    return finish(sender, receiver)


def test_one_copy_of_two(stage):
    stage.server()
    sent, came = copied_stream(stage, "lend=1024", *JUMBO)
    references, copied = lent(came, "rx")
    assert lent(sent, "tx")[0] == references
    # Some go through the lane, when all buffers are on their way.
    assert references > COUNT // 2
    assert copied < (COUNT - references) * 9000 + CONTROL_BYTES


def test_mixed_sizes_copied(stage):
    """With so few buffers that some are copied into the lane, and all keep their order."""
    stage.server()
    sent, came = copied_stream(stage, "lend=40", "--size", "15-1518:mixed")
    assert 0 < lent(sent, "tx")[0] == lent(came, "rx")[0] < COUNT


def test_copies_of_several_queues(stage):
    """Each has its part of the buffers."""
    stage.server("--lanes", 2)
    sent, came = copied_stream(stage, "lend=40", "--size", "1518", "--queues", "2")
    # How many depends on how far the receiver is behind: a lane takes more copies than that.
    assert 1000 < lent(sent, "tx")[0] == lent(came, "rx")[0]


def test_no_copies_for_those_who_copy_themselves(stage):
    stage.server()
    sent, _ = copied_stream(stage, "lend=1024", *JUMBO, trust="")
    assert lent(sent, "tx")[0] == 0


@pytest.mark.parametrize("server,lend,says", [
    ([], "x", r"devarg lend=x.*0 to 1048576"),
    ([], "1048577", r"devarg lend=1048577.*0 to 1048576"),
    (["--arena-size", "4K"], "16", r"no arenas.*--arena-size"),
    ([], "1000000", r"too few for 1000000 buffers.*--arena-size"),
])
def test_copies_that_cannot_be(stage, server, lend, says):
    stage.server(*server)
    sender = stage.pingpong(f"peer={TX},lend={lend}", "tx", *COMMON)
    sender.expect_note(says, 20)
    assert sender.wait() != 0


def test_several_queues(stage):
    stage.server("--lanes", 4, "--region-size", "2G")
    sent, came = stream(stage, "--queues", 4)
    for row, way in ((sent, "tx"), (came, "rx")):
        assert lent(row, way)[0] == COUNT
        assert row["xstats"][f"{way}_q3_packets"] >= 0.9 * COUNT / 4 - 100


def test_four_rounds(stage):
    region = stage.region(stage.server())
    for _ in range(4):
        sent, came = stream(stage, count=20_000)
        assert lent(sent, "tx")[0] == lent(came, "rx")[0] == 20_000
        for port in (RX, TX):
            wait_for_state(region, port, "absent")


# ---- deaths ----

FOR_EVER = ["--duration", "100000"]


def references_come(region, more=20_000):
    """Frames are lent, and kept where they are, at full pace."""
    before = region.counters(RX)["rx_references"], region.counters(TX)["tx_references"]

    def came():
        rx, tx = region.counters(RX), region.counters(TX)
        return (rx["rx_references"] > before[0] + more and tx["tx_references"] > before[1] + more)

    wait_until(came, 20, "references come")


def check_rows(program):
    for row in results(program):
        assert row["corrupted"] == row["reordered"] == row["duplicated"] == 0
        assert row["content_verified"]


def test_the_receiver_is_killed(stage):
    """Its sender goes on with the next one, and lacks no buffer."""
    region = stage.region(stage.server())
    receiver = receiver_of(stage, *JUMBO, "--stay")
    sender = sender_of(stage, *JUMBO, *FOR_EVER)
    wait_until(lambda: region.counters(RX)["rx_references"] > 20_000, 30, "references come")
    for _ in range(2):
        start = len(sender.err.text)
        receiver.kill()
        sender.expect_note(r"link down", 10, start)
        receiver = stage.pingpong(f"peer={TX},trust=all", "rx", *COMMON, *JUMBO, "--stay")
        sender.expect_note(r"link up: going on", 20, start)
        wait_until(lambda: region.counters(RX)["rx_references"] > 0, 10, "its counters")
        # Many times through the pool.
        references_come(region)
    assert sender.stop() == 0
    (sent,) = results(sender)
    assert sent["peer_verified"] and sent["peer_lost"] == sent["peer_corrupted"] == 0
    assert sent["xstats"].get("tx_credits_ignored", 0) == 0
    assert receiver.stop() == 0
    check_rows(receiver)


def test_the_sender_is_killed(stage):
    region = stage.region(stage.server())
    receiver = receiver_of(stage, *JUMBO, "--stay")
    for last in (False, True):
        sender = sender_of(stage, *JUMBO, *FOR_EVER)
        sender.expect_note(r"Selected IOVA", 20)
        wait_until(lambda: region.counters(TX)["tx_references"] > 0, 20, "references come")
        references_come(region)
        if not last:
            start = len(receiver.err.text)
            sender.kill()
            receiver.expect_note(r"link down", 10, start)
    assert sender.stop() == 0
    assert receiver.stop() == 0
    rows = results(receiver)
    assert len(rows) == 2
    check_rows(receiver)
    assert all(row["lost"] == 0 for row in rows)
    assert rows[-1]["received"] == results(sender)[0]["sent"]


# ---- what an application does with packets that it holds ----


def probe_of(stage, scenario, lcores):
    name = f"probe{next(stage.names)}"
    return stage.run(scenario, [PROBE, *stage.eal(name, [], lcores), "--", stage.socket, scenario],
                     env=stage.environment(stock=False))


@pytest.mark.parametrize("scenario", [
    "counts", "held", "threads", "stopped", "sender-stops", "reset", "close", "close-again",
    "clone", "clone-kept", "cleanup", "successor-alike", "successor-smaller", "late-pool",
    "pool-again", "limit", "pool-errors", "queues", "copies", "copies-few", "copies-chains",
    "copies-refused", "copies-reset", "copies-large",
])
def test_held_packets(stage, scenario):
    stage.server(*(["--lanes", 2] if scenario == "queues" else []))
    probe = probe_of(stage, scenario, stage.cpus[:1] * 2)
    assert probe.wait(60) == 0, probe.out.text


def held_while_the_sender_is_killed(stage, lends, before_the_end):
    """And while the next one at its id writes all of its pool, and sends."""
    holder = probe_of(stage, "holds-on", stage.cpus[:1])
    holder.expect(r"^waits for the sender$", 20)
    sender = probe_of(stage, lends, stage.cpus[-1:])
    holder.expect(r"^holds packets$", 20)
    before_the_end(sender)
    sender.kill()
    holder.expect(r"^the sender is gone$")
    successor = probe_of(stage, "lends-scribbling", stage.cpus[-1:])
    assert holder.wait(60) == 0, holder.out.text
    assert successor.wait() == 0, successor.out.text


def test_held_while_the_sender_is_killed(stage):
    stage.server()
    held_while_the_sender_is_killed(stage, "lends", lambda sender: sender.expect(r"^has sent$"))


def test_held_while_the_sender_is_killed_sending(stage):
    region = stage.region(stage.server())
    for _ in range(20 if long_version() else 2):
        held_while_the_sender_is_killed(stage, "lends-on",
                                        lambda _: references_come(region, more=5000))
        for port in (RX, TX):
            wait_for_state(region, port, "absent")


def test_packets_that_are_sent_back(stage):
    """What comes is of two pools, mixed in a burst: lent packets and short ones, which are copies."""
    stage.server()
    sizes = ["--size", "64-1500:mixed", "--burst", "32"]
    pong = stage.pingpong(f"peer={TX},trust=all", "pong", "--json", "--wait", "60", *sizes)
    pong.expect_note(r"waiting for the link", 20)
    ping = stage.pingpong(f"peer={RX},trust=all", "ping", *COMMON, "--zero-copy", *sizes,
                          "--count", 50_000)
    assert ping.wait(SECONDS) == 0
    assert pong.wait() == 0
    (asked,) = results(ping)
    (answered,) = results(pong)
    assert asked["lost"] == asked["corrupted"] == 0
    assert answered["xstats"]["rx_references"] == asked["xstats"]["tx_references"] > 20_000


def test_packets_that_are_passed_on(stage):
    """By stock testpmd, which asks for the fast way of freeing: one pool for all that it sends."""
    stage.server()
    testpmd = stage.testpmd(["peer=3,trust=all", "peer=4"], "--forward-mode=io", "--auto-start")
    sizes = ["--size", "64-1500:mixed"]
    # Slow enough for testpmd, which drops what a full lane does not take.
    slowly = ["--rate", "20K", "--count", 20_000]
    sender = stage.pingpong("peer=1", "tx", *COMMON, "--zero-copy", *sizes, *slowly)
    sender.expect_note(r"waiting for", 20)
    receiver = stage.pingpong("peer=2", "rx", *COMMON, *sizes)
    sent, came = finish(sender, receiver)
    passed = statistics(testpmd, 0), statistics(testpmd, 1)
    assert passed[0]["rx_references"] == sent["xstats"]["tx_references"] > 8_000
    assert passed[1]["tx_references"] == 0
    assert "rx_references" not in came["xstats"]
    end(testpmd)
