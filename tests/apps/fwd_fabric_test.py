# SPDX-License-Identifier: BSD-3-Clause
"""famez_fwd between the fabrics of two servers."""

import pytest

from program_lib import settings
from program_lib.stage import results
from program_lib.telemetry import Telemetry

COUNT = 100_000_000 if settings.long_version() else 1_000_000


@pytest.mark.parametrize("mode", ["io", "switch"])
def test_nothing_is_lost(joined, mode):
    # On a busy machine the receiver may stand still for long: what is lost for that is not meant.
    fwd = joined.forwarder("--mode", mode, "--idle-us", "50", "--stall-ms", "20000")
    sent, came = joined.stream(COUNT if mode == "io" else COUNT // 10, "--size", "15-1500:mixed")
    assert came["received"] == sent["sent"]
    assert came["lost"] == came["reordered"] == came["corrupted"] == came["duplicated"] == 0
    summary = fwd.end()
    assert summary["dropped"] == 0 and summary["out"] >= sent["sent"]


def test_what_is_dropped_is_counted(joined):
    fwd = joined.forwarder("--mode", "io", "--full", "drop")
    sent, came = joined.stream(COUNT // 2)
    summary = fwd.end()
    forwarded = summary["ports"][0]
    assert forwarded["in"] >= sent["sent"]
    # Beside the data there are the frames of the conversation, of which some may be among the drops.
    assert abs(came["lost"] - summary["drops"].get("full", 0)) <= 200
    assert came["received"] + came["lost"] == sent["sent"]
    assert came["reordered"] == came["corrupted"] == came["duplicated"] == 0


def test_a_receiver_dies_and_another_comes(joined):
    fwd = joined.forwarder("--mode", "switch", "--idle-us", "50")
    rx = joined.end_of(1, "rx")
    tx = joined.end_of(0, "tx", "--duration", "1000")
    fwd.wait_for(lambda now: now["in"] > 10_000, 30)
    rx.kill()
    # The switch lets the sender's frames go: others would wait behind them.
    fwd.wait_for(lambda now: now["drops"].get("stalled", 0) > 0)
    again = joined.end_of(1, "rx")
    before = fwd.next()["ports"][1]["out"]
    fwd.wait_for(lambda now: now["ports"][1]["out"] > before + 1000, 30)
    tx.stop()
    again.stop()
    assert results(again)[0]["received"] > 0
    fwd.end()


def test_idle_it_sleeps(joined):
    fwd = joined.forwarder("--mode", "switch", "--idle-us", "50", "--interval", "1")
    pong = joined.end_of(1, "pong", "--idle-us", "50")
    ping = joined.end_of(0, "ping", "--rate", "100", "--count", "200", "--warmup", "0",
                         "--idle-us", "50")  # fmt: skip
    assert ping.wait(30) == 0
    assert pong.wait(10) == 0
    assert results(ping)[0]["lost"] == 0
    # Two a ping, were it not for those that come in a heap on a busy machine.
    assert fwd.end()["sleeps"] >= 50


def test_telemetry(joined):
    fwd = joined.forwarder("--mode", "switch", "--idle-us", "50")
    joined.end_of(1, "pong", "--idle-us", "50")
    joined.end_of(0, "ping", "--idle-us", "50", "--duration", "1000")
    fwd.wait_for(lambda now: now["ports"][1]["in"] > 1000, 30)
    telemetry = Telemetry(joined.stage, fwd.program)
    info = telemetry.ask("/famez_fwd/info")
    assert info["mode"] == "switch" and info["ports"] == 2 and info["workers"] == 1
    assert info["in"] > 2000 and info["addresses"] == 2
    macs = telemetry.ask("/famez_fwd/macs")
    assert macs.pop("next") == 0
    assert {entry["address"]: entry["port"] for entry in macs.values()} == {
        "02:fa:3e:01:00:02": 0,
        "02:fa:3e:02:00:02": 1,
    }
    ports = telemetry.ask("/famez_fwd/ports")
    assert ports["0"]["in"] >= 1000 and ports["1"]["device"] == "net_famez1"
    assert telemetry.ask("/famez_fwd/route,3") is None
    fwd.end()


def test_routes_between_fabrics(joined):
    path = joined.stage.path("routes")
    with open(path, "w", encoding="ascii") as file:
        file.write("02:fa:3e:01:00:0c net_famez1 as 02:fa:3e:02:00:02\n")
        file.write("02:fa:3e:01:00:02 net_famez0\n")
    fwd = joined.forwarder("--mode", "route", "--routes", path, "--idle-us", "50", devargs="")
    pong = joined.end_of(1, "pong", "--idle-us", "50", devargs="peer=1")
    ping = joined.end_of(0, "ping", "--peer", "12", "--count", "10000", "--warmup", "0",
                         devargs="peer=1")  # fmt: skip
    assert ping.wait(30) == 0
    assert pong.wait(10) == 0
    assert results(ping)[0]["lost"] == 0
    fwd.end()
