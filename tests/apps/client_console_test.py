# SPDX-License-Identifier: BSD-3-Clause
"""famez_client's console at a terminal."""

import re
import signal

import pytest

from client_stage import Clients, Terminal

CTRL_C, CTRL_D, CTRL_P = "\x03", "\x04", "\x10"
PROMPT = r"z01> "


@pytest.fixture
def clients(stage):
    stage.server()
    return Clients(stage)


@pytest.fixture
def console(clients, stage):
    with Terminal(stage, clients.command()) as terminal:
        terminal.expect(r"z01, id 1 of 14")
        terminal.expect(PROMPT)
        yield terminal


def test_a_command_and_the_end(console):
    console.type("ping 1\r")
    console.expect(r"pong from z01 \(1\)")
    console.expect(PROMPT)
    console.type("bogus\r")
    console.expect(r"not expected: bogus")
    console.expect(PROMPT)
    console.type("help\r")
    console.expect(r"(?s)send, s .*quit")
    console.expect(PROMPT)
    console.type("quit\r")
    assert console.wait() == 0


@pytest.mark.parametrize("keys", ["\x12", "\x1bx"], ids=["Ctrl-R", "Esc x"])
def test_keys_that_wait_for_more_hold_up_no_mail(console, clients, keys):
    console.type(keys)
    clients.ok("send", "1", "a message")
    console.expect(r"a message")
    console.type("\r" + CTRL_D)
    assert console.wait() == 0


def test_control_d_ends(console):
    # On a line that is not empty it does not.
    console.type("x" + CTRL_D + "\x08")
    console.type(CTRL_D)
    assert console.wait() == 0


def test_typing_ahead(console):
    console.type("ping 1 -c 3 -i 0.2\r")
    console.expect(r"pong")
    console.type("send 1 ahead\r" + CTRL_D)
    console.expect(r"3 answered")
    console.expect(r"z01 \(1\): ahead")
    assert console.wait() == 0


def test_a_tab_completes(console, clients):
    bob = clients.listen("bob-the-builder")
    console.type("spo\t\r")
    console.expect(r"source is required")
    console.type("send bo\thello\r")
    bob.expect(r"^z01 \(1\): hello$")
    console.expect(PROMPT)
    # More than one fits: what they have in common, then the choice.
    clients.listen("bob-too")
    console.type("ping bo\t\t")
    console.expect(r"bob-the-builder +bob-too")
    console.type("oo\t\r")
    console.expect(r"pong from bob-too")


def test_mail_leaves_the_line_whole(console, clients):
    console.type("ping 1")
    console.expect("ping 1")
    clients.ok("-a", "ann", "send", "1", "look here")
    console.expect(r"\r\x1b\[Jann \(\d+\): look here\r\n")
    console.expect(PROMPT + "ping 1")
    console.type("\r")
    console.expect(r"pong from z01")


def test_control_c_ends_the_line_or_the_command(console):
    console.type("no command at all")
    console.expect("at all")
    console.type(CTRL_C)
    console.expect(r"\^C")
    console.expect(PROMPT)
    console.type("ping 1 -c 0 -i 0.05\r")
    console.expect(r"pong(.|\n)*pong")
    console.type(CTRL_C)
    console.expect(r"(\d+) sent, \1 answered, 0 lost")
    console.expect(PROMPT)
    console.type("ping 1\r")
    console.expect(r"pong")
    console.expect(PROMPT)
    console.type(CTRL_D)
    assert console.wait() == 0
    assert "not expected" not in console.out.text


def test_history_outlives_the_console(clients, stage):
    with Terminal(stage, clients.command()) as console:
        console.expect(PROMPT)
        console.type("send 1 to remember\r")
        console.expect(r"z01 \(1\): to remember")
        console.expect(PROMPT)
        console.type(CTRL_D)
        assert console.wait() == 0
    with Terminal(stage, clients.command()) as console:
        console.expect(PROMPT)
        console.type(CTRL_P)
        console.expect("send 1 to remember")
        console.type(", again\r")
        console.expect(r"z01 \(1\): to remember, again")
        console.type("quit\r")
        assert console.wait() == 0


def test_no_history_where_none_can_be(clients, stage):
    with open(stage.path("state"), "w", encoding="utf-8"):
        pass  # a file where the directory would be
    with Terminal(stage, clients.command()) as console:
        console.expect(PROMPT)
        console.type("quit\r")
        assert console.wait() == 0


def test_a_server_that_goes_away(stage):
    server = stage.server()
    clients = Clients(stage)
    bob = clients.listen("bob")
    with Terminal(stage, clients.command()) as console:
        console.expect(r"z02> ")
        server.stop()
        console.expect(r"the server has gone")
        console.expect(r"z02> ")
        console.type("send bob still here\r")
        bob.expect(r"still here")
        console.expect(r"z02> ")
        console.type("send switch hello\r")
        console.expect(r"port 15: nobody is there")
        console.type(CTRL_D)
        assert console.wait() == 0


def test_a_terminal_that_goes_away(stage, clients):
    with Terminal(stage, clients.command()) as console:
        console.expect(PROMPT)
        console.hang_up()
        assert console.wait() == 0
    assert clients.ok("who").count("z0") == 1


def test_goes_on_behind_a_stop(console):
    console.type("ping")
    console.expect("ping")
    console.process.send_signal(signal.SIGSTOP)
    console.process.send_signal(signal.SIGCONT)
    console.expect(PROMPT + "ping")
    console.type(" 1\r")
    console.expect(r"pong from z01")


def test_long_lines_are_redrawn(console, clients):
    line = "send 1 " + " ".join(["word"] * 25) + " end"
    console.type(line)
    console.expect(r"word end")
    clients.ok("send", "1", "meanwhile")
    console.expect(r"\x1b\[[12]A\r\x1b\[J")
    console.expect(r"meanwhile")
    console.type("\r")
    found = console.expect(r"z01 \(1\): (word ){25}end")
    assert not re.search(r"meanwhile", found.group())
