# SPDX-License-Identifier: BSD-3-Clause
"""Link status events: the application is told, and the status is right without being asked for."""

import pytest

from program_lib.processes import wait_until
from program_lib.testpmd import command, end, link_is_up

EVENT = r"Port 0: link state change event"


@pytest.mark.parametrize("death", ["end", "kill", "stop"])
def test_both_ends_hear_of_each_other(stage, death):
    stage.server()
    here = stage.testpmd(["peer=2"], events=True)
    assert "Lsc interrupt: on" in here.out.text or not link_is_up(here)
    for _ in range(2):
        start = len(here.out.text)
        there = stage.testpmd(["peer=1"])
        here.expect(EVENT, 10, start)
        wait_until(lambda: link_is_up(here) and link_is_up(there), 10, "links up")
        start = len(here.out.text)
        if death == "stop":
            command(there, "port stop 0")
        elif death == "kill":
            there.kill()
        else:
            end(there)
        here.expect(EVENT, 10, start)
        assert not link_is_up(here)
        if death == "stop":
            end(there)
    end(here)


def test_without_events_the_status_is_looked_up(stage):
    stage.server()
    here = stage.testpmd(["peer=2"], "--no-lsc-interrupt", events=True)
    assert not link_is_up(here)
    there = stage.testpmd(["peer=1"], "--no-lsc-interrupt")
    wait_until(lambda: link_is_up(here) and link_is_up(there), 10, "links up")
    end(there)
    wait_until(lambda: not link_is_up(here), 10, "link down")
    assert "link state change" not in here.out.text
    end(here)


def test_a_port_of_the_fabric_is_up_while_it_runs(stage):
    stage.server()
    testpmd = stage.testpmd([""])
    assert link_is_up(testpmd)
    command(testpmd, "port stop 0")
    assert not link_is_up(testpmd)
    command(testpmd, "port start 0")
    assert link_is_up(testpmd)
    end(testpmd)
