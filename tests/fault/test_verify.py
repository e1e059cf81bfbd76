# SPDX-License-Identifier: BSD-3-Clause
"""Many messages of all sizes, every byte of each looked at, and the counters of both ends agree."""

import pytest

from program_lib.settings import long_version
from program_lib.stage import results

COUNT = 100_000_000 if long_version() else 2_000_000
SECONDS = 3000 if long_version() else 60


@pytest.mark.parametrize("mode", ["link", "fabric"])
def test_messages_of_1_byte_to_9_kb(stage, mode):
    stage.server()
    link = mode == "link"
    common = ["--verify", "--json", "--wait", "60"]
    receiver = stage.pingpong("peer=2" if link else "", "rx", *common, "--size", "9K")
    receiver.expect_note(r"waiting for the link" if link else r"Selected IOVA", 20)
    count = COUNT // 2
    # Patient: nothing may be lost, even if the machine keeps the receiver waiting for a moment.
    sender = stage.pingpong("peer=1" if link else "stall-ms=10000", "tx", *common,
                            "--size", "15-9K:mixed", "--count", count, "--peer", "1")
    assert sender.wait(SECONDS) == 0
    assert receiver.wait() == 0
    (sent,) = results(sender)
    (came,) = results(receiver)
    assert sent["sent"] == came["received"] == sent["peer_received"] == count
    for fault in ("lost", "reordered", "corrupted", "duplicated"):
        assert came[fault] == sent[f"peer_{fault}"] == 0
    assert came["frame_bytes"] == sent["frame_bytes"]
    # The ports count the control messages too. The sender repeats its end until it is answered:
    # the last of these can find nobody there.
    came_in, went_out = came["ethdev"]["ipackets"], sent["ethdev"]["opackets"]
    assert count < came_in <= went_out <= came_in + 100
    assert sent["frame_bytes"] < came["ethdev"]["ibytes"] <= sent["ethdev"]["obytes"]
    assert "rx_lane_poisoned" not in came["xstats"]
    if came_in == went_out:
        assert "tx_lost_in_flight" not in sent["xstats"]
