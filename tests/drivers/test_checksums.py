# SPDX-License-Identifier: BSD-3-Clause
"""Checksums that an application leaves to its port: who takes frames without them gets those, and
everybody else gets them computed."""

import pytest

from program_lib.settings import BUILD

PROBE = BUILD / "tests/drivers/checksum_probe"


@pytest.mark.parametrize("scenario", [
    "left-out", "computed", "some", "chains-left-out", "chains-computed", "odd-ones", "shared",
    "tunnels", "lent-left-out", "lent-computed", "copies", "not-offered", "flood", "given-up",
])
def test_checksums(stage, scenario):
    stage.server()
    name = f"probe{next(stage.names)}"
    command = [PROBE, *stage.eal(name, [], stage.cpus[:1]), "--", stage.socket, scenario]
    probe = stage.run(scenario, command, env=stage.environment(stock=False))
    assert probe.wait(60) == 0, probe.out.text
