# SPDX-License-Identifier: BSD-3-Clause
"""famez_bridge: a device in each of two guests, by which they and host processes talk as FAME-Z's
users did. With 4 vectors, the seed's stanza, ids 1 to 3 have doorbells; with 16 all have."""

import re
import signal

import pytest
from vm import EAL, World

from program_lib.mail import MailPeer
from program_lib.processes import wait_until

FIRST, SECOND, HOST = 1, 2, 3
RATE_ASKED = 1140  # writes a second: ten times what FAME-Z's kernel driver did
RFC = "Link RFC TTC=27us"


class Bridge:
    """famez_bridge in a guest, and what users do with its device."""

    def __init__(self, guest, *options):
        self.guest = guest
        self.program = guest.start(f"famez_bridge {EAL} -- {' '.join(options)}")
        self.device = self.program.expect(r"cat < (/dev/\S+)", 30).group(1)

    def probe(self, what, argument, seconds=30):
        done = self.guest.run(f"bridge_probe {what} {self.device} '{argument}'", seconds)
        assert done.status == 0, done.output
        return done.output.rstrip("\n")

    def start_probe(self, what, argument):
        return self.guest.start(f"bridge_probe {what} {self.device} '{argument}'", stdin=False)

    def cat(self):
        return self.guest.start(f"cat < {self.device}", stdin=False)


@pytest.fixture(scope="module", params=[4, 16])
def world_of(request, image):
    """Two guests, a bridge in each, and a host process."""
    with World(image) as made:
        made.server()
        guests = [made.guest(vectors=request.param, hotplug=plug) for plug in (True, False)]
        for guest in guests:
            guest.checked("modprobe cuse")
        made.bridges = [Bridge(guest) for guest in guests]
        made.peer = MailPeer(made.stage.socket)
        try:
            assert made.peer.id == HOST
            yield made
        finally:
            made.peer.close()


def test_the_name_is_the_slot(world_of):
    for bridge in world_of.bridges:
        slot = int(bridge.guest.address.split(":")[2].split(".")[0], 16)
        assert bridge.device == f"/dev/famez_bridge_{slot:02x}"


def test_echo_and_cat(world_of):
    first, second = world_of.bridges
    reader = second.cat()
    first.guest.checked(f'echo "{SECOND}:hello there" > {first.device}')
    reader.expect(r"^0,0:hello there$", 10)
    world_of.peer.post(SECOND, "from the host\n")
    reader.expect(r"^0,0:from the host$", 10)
    reader.signal(signal.SIGINT)  # blocked, and interrupted
    reader.wait(10)
    second.guest.checked(f'echo "0x{HOST:x}:to the host" > {second.device}')
    assert world_of.peer.take(10) == (SECOND, b"to the host\n")
    assert world_of.peer.ask(FIRST, "ping!EZT=1", 10) == "pong!EZT=2"
    assert world_of.peer.party(FIRST)[:2] == ("z01", "net_famez")


@pytest.mark.parametrize(
    "text, error",
    [
        ("nonsense", "EBADMSG"),
        ("x:a", "EINVAL"),
        (f"{SECOND}:", "ENODATA"),
        ("0:a", "EBADSLT"),
        ("16:a", "EBADSLT"),
        ("200,26:a", "ENETUNREACH"),
        (f"{SECOND}:" + "a" * 384, "E2BIG"),
        ("9:a", "EHOSTUNREACH"),
    ],
)
def test_mistakes(world_of, text, error):
    assert world_of.bridges[0].probe("write", text) == error


def test_reading(world_of):
    first, second = world_of.bridges
    assert second.probe("read-now", 100) == "EAGAIN"
    assert second.probe("poll-in", 50) == "none"
    waiting = second.start_probe("poll-in", 20000)
    for text in ("first", "second"):
        assert first.probe("write", f"{SECOND}:{text}") == "ok"
    assert waiting.wait(10) == 0 and waiting.output() == "ok\n"
    assert second.probe("read", 8) == "E2BIG"
    assert second.probe("poll-in", 0) == "ok"
    assert second.probe("read", 9) == "0,0:first"
    assert second.probe("read-now", 100) == "0,0:second"
    assert second.probe("read-now", 100) == "EAGAIN"


def test_one_opener_at_a_time(world_of):
    first, _ = world_of.bridges
    reader = first.cat()
    wait_until(lambda: first.probe("read-now", 100) == "EBUSY", 10, "the reader has it open")
    reader.signal(signal.SIGTERM)
    reader.wait(10)
    assert first.probe("read-now", 100) == "EAGAIN"


def test_a_receiver_that_takes_nothing(world_of):
    first, _ = world_of.bridges
    assert first.probe("write", f"{HOST}:left") == "ok"
    assert first.probe("write-now", f"{HOST}:not now") == "EAGAIN"
    assert first.probe("poll-out", 0) == "none"
    assert first.probe("write", f"{SECOND}:told") == "ETIMEDOUT"
    assert first.probe("poll-out", 1000) == "ok"
    world_of.peer.take(0)  # the doorbell of what is no longer there


def test_the_rate_between_guests(world_of):
    first, second = world_of.bridges
    count = 1500
    sink = second.start_probe("sink", count)
    rate = first.probe("stream", f"{SECOND}:{count}", 60)
    print(f"guest to guest: {rate} ({RATE_ASKED} asked)")
    assert re.fullmatch(r"\d+ writes/s", rate)
    assert sink.wait(20) == 0 and sink.output() == f"{count} in order\n"


def test_the_exerciser(world_of):
    first, second = world_of.bridges
    reader = second.guest.start(f"cat < {second.device} > /dev/null", stdin=False)
    words = first.guest.checked(f"famez_pingpong --bridge {first.device} {SECOND} --count 500")
    print(words)
    assert re.match(r"500 writes, 5000 bytes in ", words)
    assert first.probe("poll-out", 10000) == "ok"  # the last one has been taken
    reader.signal(signal.SIGINT)
    reader.wait(10)
    # cat may have ended before it read that.
    wait_until(lambda: second.probe("read-now", 100) == "EAGAIN", 10, "nothing left to read")


def test_ids_from_the_managing_server(world_of):
    first, second = world_of.bridges
    assert first.probe("write", "server:Link RFC TTC=27us") == "ok"
    wait_until(lambda: world_of.peer.party(FIRST)[2:] == (100, 27), 10, "CID and SID given")
    assert first.probe("write", f"{SECOND}:who am I") == "ok"
    assert second.probe("read", 100) == "100,27:who am I"
    assert second.probe("write", "100,27:the first") == "ok"
    assert first.probe("read", 100) == "0,0:the first"


def test_the_end_leaves_nothing(world_of):
    for bridge in world_of.bridges:
        reader = bridge.cat()
        wait_until(lambda b=bridge: b.probe("read-now", 1) == "EBUSY", 10, "a reader")
        bridge.program.signal(signal.SIGTERM)
        assert bridge.program.wait(20) == 0, bridge.program.output()
        assert reader.wait(10) != 0
        assert "No such device" in reader.output()
        assert bridge.guest.run(f"ls {bridge.device}").status != 0
    assert world_of.peer.party(FIRST)[0] == ""


def test_shared_and_named(world_of):
    bridge = Bridge(world_of.bridges[0].guest, "--shared --name mail")
    assert bridge.device == "/dev/mail"
    readers = [bridge.cat(), bridge.cat()]
    wait_until(lambda: bridge.probe("write-now", "nonsense") == "EBADMSG", 10, "it is open thrice")
    for number in range(2):
        world_of.peer.post(FIRST, f"message {number}\n")
        wait_until(
            lambda n=number: any(f"message {n}" in reader.output() for reader in readers),
            10,
            "somebody reads",
        )
    bridge.program.signal(signal.SIGINT)
    assert bridge.program.wait(20) == 0
    for reader in readers:
        assert reader.wait(10) != 0


def test_the_machine_takes_the_device_away(world_of):
    guest = world_of.bridges[0].guest
    bridge = Bridge(guest)
    reader = bridge.cat()
    wait_until(lambda: bridge.probe("read-now", 1) == "EBUSY", 10, "a reader")
    guest.unplug()
    assert bridge.program.wait(20) == 1
    assert reader.wait(10) != 0
    assert "No such device" in reader.output()
