# SPDX-License-Identifier: BSD-3-Clause
"""Talking to stock testpmd."""

import re

from program_lib.processes import wait_until

# What testpmd prints of an event, be somebody typing or not.
EVENT = r"(?:\s*Port \d+: [\w ]+ event\s*)?"


def command(testpmd, line, answer=r"testpmd> ", seconds=20):
    """Types a command and returns what it printed, up to the next prompt (or `answer`)."""
    start = len(testpmd.out.text)
    testpmd.type(line)
    # The line itself is echoed behind the prompt that stands there already.
    echo = testpmd.expect(EVENT.join(map(re.escape, line)), seconds, start)
    found = testpmd.expect(answer, seconds, echo.end())
    return testpmd.out.text[echo.end() : found.end()]


def statistics(testpmd, port=0):
    """Names and values of `show port stats` and `show port xstats`."""
    text = command(testpmd, f"show port stats {port}")
    values = {name: int(value) for name, value in re.findall(r"([RT]X-\w+): +(\d+)", text)}
    text = command(testpmd, f"show port xstats {port}")
    values.update({name: int(value) for name, value in re.findall(r"^(\w+): (\d+)", text, re.M)})
    return values


def received(testpmd, port=0):
    text = command(testpmd, f"show port stats {port}")
    return int(re.search(r"RX-packets: +(\d+)", text).group(1))


def wait_for_packets(testpmd, packets, port=0, seconds=20):
    """Until so many have been received, or more."""
    wait_until(
        lambda: received(testpmd, port) >= packets,
        seconds,
        f"{packets} packets at port {port} of {testpmd.name}",
    )


def stop_forwarding(testpmd):
    """Returns testpmd's report."""
    return command(testpmd, "stop", r"Done\.\n")


def stop_sending(testpmd, port=0):
    """Stops a sender; returns its statistics."""
    stop_forwarding(testpmd)
    return statistics(testpmd, port)


def link_is_up(testpmd, port=0):
    return "Link status: up" in command(testpmd, f"show port info {port}")


def end(testpmd):
    """Ends it as a user would."""
    testpmd.type("quit")
    status = testpmd.wait(20)
    assert status == 0, f"{testpmd.name} ended with {status}"
