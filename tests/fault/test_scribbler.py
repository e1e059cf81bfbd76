# SPDX-License-Identifier: BSD-3-Clause
"""A hostile port writes over everything while two others talk: nobody crashes or hangs, and when it
stops all is well again by itself."""

import signal
import time

import pytest

from program_lib import settings
from program_lib.processes import wait_until
from program_lib.settings import long_version
from program_lib.stage import results, settle_counters, wait_for_state

SECONDS = 60 if long_version() else 3
FIRST, SECOND = 1, 2  # the victims' ids, in the order in which they attach
FOR_EVER = ["--duration", "100000", "--wait", "60", "--json", "--verify"]


class Victims:
    """Two programs that talk, the first one waiting for what the second says."""

    def __init__(self, stage, mode, roles, size):
        self.stage = stage
        self.mode = mode
        self.server = stage.server()
        self.region = stage.region(self.server)
        listener, talker = roles
        # Of any size that may come later; --stay: whoever that comes from.
        self.listener = stage.pingpong(self.devargs(SECOND), listener, "--stay", "--verify",
                                       "--json", "--wait", "60", "--size", "1514")
        wait_for_state(self.region, FIRST, "up", 20)
        self.talker = stage.pingpong(self.devargs(FIRST), talker, *FOR_EVER, "--size", size,
                                     "--peer", FIRST)
        wait_until(lambda: self.received() > 10_000, 30, "messages come")

    def devargs(self, peer):
        return f"peer={peer}" if self.mode == "link" else ""

    def received(self):
        return self.region.counters(FIRST)["rx_messages"]

    def all_live(self):
        for program in (self.server, self.listener, self.talker):
            assert program.running(), f"{program.name} is gone"

    def expect_traffic(self, messages):
        # What was scribbled over the counters is gone when their owners have written them again.
        settle_counters()
        first = now = self.received()

        def well():
            nonlocal first, now
            before, now = now, self.received()
            if now < before:  # what stood there was rubbish still
                first = now
            return now > first + messages

        wait_until(well, 20, "traffic is well again")
        self.all_live()

    def expect_clean_stream(self, role, count):
        """The talker goes; whoever comes in its place must have no fault at all."""
        self.talker.stop(30)
        wait_for_state(self.region, SECOND, "absent")
        # Patient: not even the machine may lose anything.
        patient = "stall-ms=10000"
        devargs = ",".join(filter(None, (self.devargs(FIRST), patient)))
        newcomer = self.stage.pingpong(devargs, role, "--verify", "--wait", "30",
                                       "--json", "--size", "15-1500:mixed", "--count", count,
                                       "--warmup", "100", "--peer", FIRST)
        status = newcomer.wait(60)
        (row,) = results(newcomer)
        assert status == 0, row
        assert row["peer_verified"] and row["peer_received"] == row["sent"]

    def expect_poisoned(self):
        """Some lane was poisoned on the way. A short attack can miss: every other word that it hits
        ends a session in another way. (Each kind of bad record has its unit test.)"""
        if long_version():
            assert self.poisoned() > 0

    def poisoned(self):
        """Lanes that the listener had to stop. Ends it."""
        self.listener.stop(30)
        return results(self.listener)[-1]["xstats"].get("rx_lane_poisoned", 0)


def start_attack(victims, seed, *options):
    return victims.stage.run("scribbler", [
        settings.SCRIBBLER, "--socket", victims.stage.socket, "--victims", f"{FIRST},{SECOND}",
        "--seconds", SECONDS, "--seed", seed, *options])


def end_attack(victims, scribbler):
    assert scribbler.wait(SECONDS + 20) == 0
    victims.all_live()


def attack(victims, seed, *options):
    end_attack(victims, start_attack(victims, seed, *options))


@pytest.mark.parametrize("mode", ["link", "fabric"])
def test_a_stream_under_attack(stage, mode):
    victims = Victims(stage, mode, ("rx", "tx"), "15-1500:mixed")
    scribbler = start_attack(victims, 20_240_601)
    scribbler.expect(r"scribbler: port ")
    while scribbler.running():
        # Newcomers may fail, in an orderly way: what they read can be anything.
        newcomer = stage.pingpong("", "tx", "--wait", "1", "--count", "1000", "--peer", FIRST)
        assert newcomer.wait(20) in (0, 1)
    end_attack(victims, scribbler)
    victims.expect_traffic(50_000)
    victims.expect_clean_stream("tx", 100_000)
    victims.expect_poisoned()


@pytest.mark.parametrize("areas", ["rings", "lanes,table,header"])
def test_questions_and_answers_under_attack(stage, areas):
    """Lanes that carry little do not run full when something is wrong."""
    victims = Victims(stage, "link" if areas == "rings" else "fabric", ("pong", "ping"), "64")
    attack(victims, 20_240_602, "--areas", areas)
    victims.expect_traffic(5_000)
    victims.expect_clean_stream("ping", 1000)
    if areas == "rings":
        victims.expect_poisoned()


@pytest.mark.parametrize("roles", [("rx", "tx"), ("pong", "ping")], ids=["stream", "questions"])
def test_messages_under_way_are_wiped_out(stage, roles):
    """What is gone is gone, but neither end may wait for it: not even for the one message of a lane
    that never runs full."""
    victims = Victims(stage, "link", roles, "64")
    for _ in range(3):
        victims.listener.signal(signal.SIGSTOP)
        time.sleep(0.1)  # the talker goes on for a while, and what it says stays in the ring
        attack(victims, 1, "--wipe")
        victims.listener.signal(signal.SIGCONT)
        victims.expect_traffic(5_000)
    victims.expect_clean_stream(roles[1], 1000)
