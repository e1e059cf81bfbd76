# SPDX-License-Identifier: BSD-3-Clause
"""The console of a server that was started in a terminal."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

import pytest

from fabric import SERVER, Peer, connect
from old_peer import OldPeer

VECTORS = 16


class Terminal:
    """A famez_server whose terminal we are."""

    def __init__(self, directory, *options, shell=None):
        self.path = os.path.join(directory, "socket")
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self.shown = ""
        self.mark = 0
        self.prompts = shell is None

        def prepare():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)

        command = [SERVER, "-S", self.path, "--rest", "off", *options]
        if shell:
            command = ["bash", "-mc", shell, "bash", *command]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=prepare, env={**os.environ, "TERM": "xterm"})
        self.slave = slave

    def connect(self):
        return connect(self.path)

    def log(self):
        return self.shown

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.shown += os.read(self.master, 65536).decode(errors="replace")
            return True
        return False

    def expect(self, text, seconds=20):
        """Behind what was expected last."""
        deadline = time.monotonic() + seconds
        while (found := self.shown.find(text, self.mark)) < 0:
            assert time.monotonic() < deadline and self.process.poll() is None, self.shown
            self.read(0.1)
        self.mark = found + len(text)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def wait(self):
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        return self.process.wait(timeout=1)

    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before

    def __enter__(self):
        self.expect(f"socket {self.path}\r\n")
        if self.prompts:
            self.expect("Z-switch> ")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def test_commands(tmp_path):
    with Terminal(tmp_path) as terminal, OldPeer(terminal, VECTORS), Peer(terminal, VECTORS):
        terminal.type("help\r")
        for command in ("help", "dump", "who", "stats", "quit"):
            terminal.expect("\n" + command)
        terminal.expect("Z-switch> ")
        terminal.type("dump\r")
        terminal.expect("15 Z-switch [1500,27]")
        terminal.expect("attached Debugger z01 [0,0] -|1        8|- ")
        terminal.expect("==========")
        terminal.type("who\r")
        terminal.expect("   1  z01              Debugger               0,0  attached")
        terminal.expect("  15  Z-switch         FabricSwitch       1500,27  server")
        terminal.type("  stats  \r")
        terminal.expect("mail: 0 received")
        terminal.type("wh\r")
        terminal.expect("no command wh; help lists")
        terminal.type("quit\r")
        assert terminal.wait() == 0
        assert terminal.is_as_before() and not os.path.exists(terminal.path)


def test_keys(tmp_path):
    with Terminal(tmp_path) as terminal:
        terminal.type("stx\x7fa\t\r")  # backspace, and completion
        terminal.expect("mail: ")
        terminal.type("\x1b[A\r")  # the line above
        terminal.expect("mail: ")
        terminal.type("\x1b")  # Escape alone must not hold up anybody
        with OldPeer(terminal, VECTORS) as peer:
            for _ in range(2):  # whatever comes first, the second is behind the Escape
                assert peer.ask("ping") == "pong"
        terminal.type("who\r")
        terminal.expect("Z-switch         FabricSwitch")
        # Nor a command's name that is asked for and never comes.
        terminal.type("\x1bx")
        time.sleep(0.2)
        with OldPeer(terminal, VECTORS) as peer:
            assert peer.ask("ping") == "pong"
        terminal.type("\r\xe4\xff\x00\x01" * 3 + "\r")
        terminal.expect("Z-switch> ")
        terminal.type("\x04")
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def test_the_log_leaves_the_prompt_alone(tmp_path):
    with Terminal(tmp_path, "-v") as terminal:
        terminal.type("wh")
        terminal.expect("wh")
        with Peer(terminal, VECTORS):
            terminal.expect("port 1 is attached")
            terminal.expect("Z-switch> wh")  # what was typed is shown again
            terminal.type("o\r")
            terminal.expect("1  ?")
        terminal.expect("port 1 ends")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_the_terminal_as_it_was(tmp_path, number):
    with Terminal(tmp_path) as terminal:
        if number == signal.SIGINT:
            terminal.type("who\x03")  # Ctrl-C
        else:
            terminal.process.send_signal(number)
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def test_a_terminal_that_takes_nothing_holds_up_nobody(tmp_path):
    with Terminal(tmp_path) as terminal:
        for _ in range(200):
            terminal.type("help\r")
            time.sleep(0.001)
        with OldPeer(terminal, VECTORS) as peer:
            assert peer.ask("ping") == "pong"
        terminal.process.terminate()
        assert terminal.wait() == 0


def test_in_the_background_the_terminal_is_the_shells(tmp_path):
    with Terminal(tmp_path, shell='"$@" & read -r; fg; echo ended $?') as terminal:
        with OldPeer(terminal, VECTORS) as peer:
            time.sleep(0.3)
            assert "Z-switch> " not in terminal.shown
            assert peer.ask("ping") == "pong"  # it has not been stopped (SIGTTIN, SIGTTOU)
        terminal.type("\n")
        terminal.expect("Z-switch> ")
        terminal.type("quit\r")
        terminal.expect("ended 0")


def test_without_a_terminal_there_is_none(tmp_path):
    path = str(tmp_path / "socket")
    process = subprocess.Popen([SERVER, "-S", path, "--rest", "off"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "region" in process.stderr.readline()
    process.stdin.write("quit\n")
    process.stdin.close()
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert process.stdout.read() == ""
    process.stdout.close()
    process.stderr.close()
