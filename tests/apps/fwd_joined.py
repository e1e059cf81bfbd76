# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd between the fabrics of two servers, with a famez_pingpong in each."""

from fwd_stage import Forwarder
from program_lib import settings
from program_lib.stage import results

ALWAYS = ["--verify", "--json", "--wait", "30"]


class Joined:
    """Two fabrics; in each famez_fwd has id 1, and a famez_pingpong id 2."""

    def __init__(self, stage):
        self.stage = stage
        self.sockets = [stage.path("left"), stage.path("right")]  # fabrics 1 and 2
        for i, path in enumerate(self.sockets):
            server = stage.run("famez_server", [settings.SERVER, "-S", path, "--fabric", i + 1])
            server.expect_note(r"^famez_server: region ")

    def forwarder(self, *options, devargs="peer=2", hugepages=None):
        eal = [f"--vdev=net_famez{i},socket={path},{devargs}" for i, path in
               enumerate(self.sockets)]  # fmt: skip
        self.fwd = Forwarder(self.stage, eal, *options, hugepages=hugepages).started()
        return self.fwd

    def end_of(self, side, *options, devargs="peer=1"):
        return self.stage.pingpong(f"socket={self.sockets[side]},{devargs}", *options, *ALWAYS)

    def stream(self, count, *options):
        # Three programs on two processors: who waits must not keep the others from theirs.
        rx = self.end_of(1, "rx", "--idle-us", "20")
        tx = self.end_of(0, "tx", "--count", count, *options)
        statuses = [tx.wait(60 + count / 50_000), rx.wait(30)]
        sent, came = results(tx)[0], results(rx)[0]
        # What is lost makes them fail.
        assert statuses == [0, 0] or came["lost"]
        return sent, came
