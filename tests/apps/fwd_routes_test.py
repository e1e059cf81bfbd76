# SPDX-License-Identifier: BSD-3-Clause
"""New routes while frames pass."""

import os
import signal

from program_lib.stage import results

LEFT, RIGHT = "02:fa:3e:01:00:02", "02:fa:3e:02:00:02"  # the two famez_pingpong
ROUTES = 10_000
RELOADS = 10


class Routes:
    """The file, and famez_fwd's reading of it."""

    def __init__(self, stage):
        self.path = stage.path("routes")
        self.count = 0

    def write(self, *more, right="net_famez1"):
        lines = [f"{LEFT} net_famez0", f"{RIGHT} {right}"]
        lines += [f"{i + 1},28 net_famez{i % 2}" for i in range(ROUTES - len(lines))]
        lines += more
        # At once: whenever famez_fwd reads, it finds a whole file.
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        os.rename(self.path + ".new", self.path)
        self.count = len(lines)

    def reload(self, fwd, answer):
        start = len(fwd.program.err.text)
        fwd.program.signal(signal.SIGHUP)
        fwd.program.expect_note(answer, 30, start)

    def renew(self, fwd, more):
        """As many more routes: the answer is to this file, not to one before."""
        self.write(*(f"{i + 1},29 drop" for i in range(more)))
        self.reload(fwd, rf"{self.count} routes in force")


def wait_for_traffic(fwd):
    """Later than now."""
    start = fwd.next()["ports"][1]["out"]
    fwd.wait_for(lambda now: now["ports"][1]["out"] > start + 1000, 30)


def test_new_routes_lose_nothing(joined):
    routes = Routes(joined.stage)
    routes.write()
    # On a busy machine the receiver may stand still for long: what is lost for that is not meant.
    fwd = joined.forwarder("--mode", "route", "--routes", routes.path, "--idle-us", "50",
                           "--interval", "0.2", "--stall-ms", "20000")  # fmt: skip
    rx = joined.end_of(1, "rx", "--idle-us", "20")
    tx = joined.end_of(0, "tx", "--peer", RIGHT, "--duration", "200", "--rate", "100K",
                       "--idle-us", "20")  # fmt: skip
    wait_for_traffic(fwd)
    for i in range(1, RELOADS):
        routes.renew(fwd, i)
    in_force = fwd.next()["routes"]
    # Were any of this file taken, the frames would be.
    routes.write("9 nowhere", right="drop")
    routes.reload(fwd, rf"routes:{ROUTES + 1}: unknown port 'nowhere'[^\n]*\n[^\n]*stay as they")
    wait_for_traffic(fwd)
    assert fwd.last()["routes"] == in_force == ROUTES + RELOADS - 1
    routes.renew(fwd, RELOADS)
    wait_for_traffic(fwd)
    assert fwd.last()["routes"] == ROUTES + RELOADS
    assert tx.stop() == 0 and rx.wait(30) == 0
    sent, came = results(tx)[0], results(rx)[0]
    assert came["received"] == sent["sent"] > 0
    assert came["lost"] == came["reordered"] == came["corrupted"] == came["duplicated"] == 0
    assert fwd.end()["dropped"] == 0
