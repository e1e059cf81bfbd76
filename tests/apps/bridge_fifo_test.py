# SPDX-License-Identifier: BSD-3-Clause
"""famez_bridge on a host, where it has a pair of FIFOs."""

import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest

from program_lib import settings
from program_lib.mail import MailPeer
from program_lib.processes import wait_until
from program_lib.settings import slow

BRIDGE = settings.BUILD / "apps/famez_bridge/famez_bridge"
PORT = 1


def bridge(stage, *options):
    name = f"bridge{next(stage.names)}"
    command = [BRIDGE, *stage.eal(name, [""], [stage.cpus[0]]), "--", *options]
    return stage.run(name, command, env=stage.environment(stock=False))


@pytest.fixture
def fifos(stage):
    """A bridge, ready, and the path that its FIFOs begin with."""
    stage.server()
    program = bridge(stage, "--fifo", stage.path("bridge"))
    program.expect_note("instead: echo")
    return program, stage.path("bridge")


def write(path, text):
    with open(path + ".tx", "w", encoding="utf-8") as file:
        file.write(text)


class Reader:
    def __init__(self, path):
        self.fd = os.open(path + ".rx", os.O_RDONLY)

    def lines(self, count):
        text = b""
        while text.count(b"\n") < count:
            text += os.read(self.fd, 65536)
        return text.decode().splitlines()


def test_there_and_back(stage, fifos):
    program, path = fifos
    reader = Reader(path)
    assert stat.S_IMODE(os.stat(path + ".tx").st_mode) == 0o600
    with MailPeer(stage.socket) as peer:
        write(path, "2:hello there\n200,27:again\n")
        assert peer.take() == (PORT, b"hello there\n")
        assert peer.take() == (PORT, b"again\n")
        peer.post(PORT, "without a newline")
        peer.post(PORT, "ping")
        peer.post(PORT, "with one\n")
        assert reader.lines(2) == ["0,0:without a newline", "0,0:with one"]
        assert peer.take() == (PORT, b"pong")
        assert peer.ask(PORT, "CTL-Write Space=0,PFMCID=1,PFMSID=27,CID=100,SID=27,Tag=1") == (
            "Standalone Acknowledgment Tag=1,Reason=OK"
        )
        assert peer.party(PORT) == ("z01", "net_famez", 100, 27)
    assert program.stop() == 0
    assert not os.path.exists(path + ".tx") and not os.path.exists(path + ".rx")


def test_many_in_order_and_none_lost(stage, fifos):
    _, path = fifos
    reader = Reader(path)
    with MailPeer(stage.socket) as peer:
        write(path, "".join(f"2:{number}\n" for number in range(2000)))
        assert [peer.take()[1] for _ in range(2000)] == [b"%d\n" % n for n in range(2000)]
        # FIFO and port keep some 270; then the sender waits until somebody reads.
        read = []
        for number in range(600):
            if number > 250 and not peer.free():
                time.sleep(0.02)
                # Full, or only slow: all but the last will come, and no more need.
                read += [] if peer.free() else reader.lines(number - 1 - len(read))
            peer.post(PORT, f"{number}")
        read += reader.lines(600 - len(read))
        assert read == [f"0,0:{number}" for number in range(600)]


@pytest.mark.parametrize(
    "text, error",
    [
        ("nonsense", "Bad message"),
        ("x:hello", "Invalid argument"),
        ("0:hello", "Invalid slot"),
        ("16:hello", "Invalid slot"),
        ("300,26:hello", "Network is unreachable"),
        ("9:hello", "No route to host"),
        ("3:" + "x" * 384, "Argument list too long"),
        ("y" * 3000, "Argument list too long"),
    ],
)
def test_mistakes_are_told(fifos, text, error):
    program, path = fifos
    write(path, text + "\n")
    program.expect_note(f"not sent: {error}")


def test_a_reader_that_never_reads_costs_five_seconds(stage, fifos):
    program, path = fifos
    with MailPeer(stage.socket) as deaf, MailPeer(stage.socket) as peer:
        start = time.monotonic()
        write(path, f"{deaf.id}:lost\n{peer.id}:not sent\n{peer.id}:sent\n")
        assert peer.take(20) == (PORT, b"sent\n")
        assert time.monotonic() - start > 4.5
        program.expect_note('not sent: Connection timed out: "3:not sent"')
        assert deaf.take(0.1) is None


def test_a_message_waits_for_a_receiver_that_comes_late(stage, fifos):
    _, path = fifos
    with MailPeer(stage.socket) as late:
        write(path, "2:hello\n")
        time.sleep(1.5 * slow())
        assert late.take() == (PORT, b"hello\n")


def test_what_a_killed_bridge_left_is_replaced(stage, fifos):
    program, path = fifos
    second = bridge(stage, "--fifo", path)
    assert second.wait() == 1
    second.expect_note("exists already")
    program.kill()
    wait_until(lambda: os.path.exists(path + ".tx"), 5, "what was left")
    third = bridge(stage, "--fifo", path)
    third.expect_note("instead: echo")
    third.signal(signal.SIGTERM)
    assert third.wait() == 0


def test_without_cuse_it_says_what_to_do(stage):
    if os.path.exists("/dev/cuse"):
        pytest.skip("there is CUSE here")
    stage.server()
    program = bridge(stage)
    assert program.wait() == 1
    program.expect_note("modprobe cuse.*--fifo PATH")


def test_wrong_usage():
    done = subprocess.run([BRIDGE, "--", "--nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--help" in done.stderr
    done = subprocess.run([BRIDGE, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "--fifo" in done.stdout


def exercise(*options):
    return [settings.PINGPONG, "--bridge", *map(str, options)]


def test_the_exerciser_counts(stage):
    program = stage.run("exerciser", exercise("/dev/null", 3, "--multiplier", 2, "--count", 100))
    assert program.wait() == 0
    summary = r"100 writes, 2000 bytes in [\d.]+ seconds = \d+ w/s, \d+ b/s"
    assert re.match(summary, program.out.text)


def test_the_exerciser_ends_on_ctrl_c(stage):
    path = stage.path("device")
    os.mkfifo(path)
    endless = stage.run("exerciser", exercise(path, 3, "--json"))
    device = os.open(path, os.O_RDONLY)
    read = len(os.read(device, 1200))
    assert endless.stop() == 0  # though nobody reads on
    row = json.loads(endless.out.text)
    assert row["writes"] >= read // len("3:0123456789") > 0 and row["bytes"] == 10 * row["writes"]
    assert row["seconds"] > 0
    os.close(device)


@pytest.mark.parametrize(
    "options, status, words",
    [
        (["/dev/full", 3], 1, "/dev/full: No space left"),
        (["/dev/nowhere", 3], 1, "/dev/nowhere: No such file"),
        (["/dev/null"], 2, "TARGET is required"),
        (["/dev/null", 3, "--multiplier", 39], 2, "--multiplier"),
    ],
)
def test_the_exerciser_says_what_is_wrong(options, status, words):
    done = subprocess.run(exercise(*options), capture_output=True, text=True, check=False)
    assert done.returncode == status and words in done.stderr, done.stderr
