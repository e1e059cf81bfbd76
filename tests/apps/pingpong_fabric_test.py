# SPDX-License-Identifier: BSD-3-Clause
"""famez_pingpong --api fabric: what differs from the tests that all links share."""

import os
import re
import signal
import subprocess

import pytest

from pingpong_pair import CPUS, Pair, finished, only_row
from program_lib import settings
from program_lib.settings import slow
from program_lib.stage import results, wait_for_state

FABRIC = ("fabric", "fabric")


def run_alone(*arguments):
    return subprocess.run(
        [settings.PINGPONG, *arguments],
        capture_output=True,
        text=True,
        timeout=20 * slow(),
        check=False,
    )


# ---- the command line ----


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-l", "0", "--no-huge", "--", "tx", "--api", "fabric"], "leave out all EAL options"),
        (["-l", "0", "--api", "fabric", "--", "tx"], "there are no EAL options"),
        (["--api", "fabric", "tx", "--mtu", "9000"], "--mtu: --api fabric has no ethdev port"),
        (["--api", "fabric", "tx", "--peer", "02:00:00:00:00:01"], "give the id of a port"),
        (["--api", "fabric", "tx", "--size", "9M"], "15 to 8388584 bytes"),
        (["--", "tx", "--socket", "/tmp/x"], "devarg socket="),
        (["--", "tx", "--size", "128K"], "--api fabric takes larger ones"),
        (["tx"], "only with --api fabric"),
    ],
)
def test_mistakes(arguments, told):
    done = run_alone(*arguments)
    assert done.returncode == 2
    assert told in done.stderr and done.stdout == ""


def test_no_server(tmp_path):
    done = run_alone("--api", "fabric", "tx", "--socket", tmp_path / "none")
    assert done.returncode == 1
    assert str(tmp_path / "none") in done.stderr and "famez_server" in done.stderr


def test_what_this_fabric_cannot_do(stage):
    stage.server()
    for options, told in (
        (["--size", "1M"], "take up to 524264; give a smaller --size, or start famez_server with "
                           "--ring-size 4M"),
        (["--size", "524265"], "--ring-size 2M"),
        (["--peer", "1"], "that is this end's own id"),
        (["--peer", "15"], "this fabric has ports 1 to 14"),
        (["--peer", "02:fa:3e:09:00:02"], "an address of fabric 9, and this is fabric 0"),
        (["--cpu", "1023"], "--cpu 1023: "),
    ):  # fmt: skip
        done = run_alone("--api", "fabric", "tx", "--socket", stage.socket, *options)
        assert done.returncode == 1
        assert told in done.stderr


# ---- messages beyond a frame ----


def test_every_byte_of_large_messages(stage):
    pair = Pair(stage, apis=FABRIC, server=("--ring-size", "4M"))
    rx = pair.a("rx", "--json", "--verify", "--wait", "30")
    tx = pair.b("tx", "--json", "--verify", "--size", "64,64K,1M,15-1M:mixed", "--count", "300",
                "--wait", "30")  # fmt: skip
    assert finished(tx) == 0
    assert finished(rx) == 0
    rows = results(rx)
    assert [row["size_bytes"] for row in rows] == [64, 65536, 1 << 20, "15-1048576"]
    for row in rows:
        assert row["received"] == 300 and row["content_verified"]
        assert row["lost"] == row["corrupted"] == row["duplicated"] == row["reordered"] == 0
    assert rows[2]["frame_bytes"] == 300 << 20
    assert rows[0]["api"] == "fabric" and rows[0]["driver"] == "lib/fabric"


@pytest.mark.parametrize("burst", [1, 8])
def test_pings_of_a_megabyte(stage, burst):
    pair = Pair(stage, apis=FABRIC, server=("--ring-size", "4M"))
    pong = pair.a("pong", "--json", "--verify", "--wait", "30")
    ping = pair.b("ping", "--json", "--verify", "--size", "1M", "--burst", str(burst), "--warmup",
                  "8", "--count", "80", "--wait", "30")  # fmt: skip
    assert finished(ping) == 0
    assert finished(pong) == 0
    row = only_row(ping)
    assert row["sent"] == row["received"] == row["peer_received"] == 88
    assert row["lost"] == row["corrupted"] == 0
    assert row["rtt_ns_min"] > 1000


def test_the_largest_of_all(stage):
    """Half of a ring of 16 MiB: nothing larger can be."""
    pair = Pair(stage, apis=FABRIC, server=("--ring-size", "16M", "--ports", "2"))
    rx = pair.a("rx", "--json", "--verify", "--wait", "30")
    tx = pair.b("tx", "--json", "--verify", "--size", "8M", "--count", "20", "--wait", "30")
    assert finished(tx) == 0
    assert finished(rx) == 0
    assert only_row(rx)["received"] == 20 and only_row(rx)["size_max_bytes"] == 8388584
    assert only_row(rx)["corrupted"] == only_row(rx)["lost"] == 0


# ---- partners ----


@pytest.mark.parametrize("apis", [("fabric", "ethdev"), ("ethdev", "fabric")])
@pytest.mark.parametrize(("receiver", "sender"), [("rx", "tx"), ("pong", "ping")])
def test_a_partner_on_the_other_api(stage, apis, receiver, sender):
    pair = Pair(stage, apis=apis)
    a = pair.a(receiver, "--json", "--verify", "--size", "9K", "--wait", "30")
    b = pair.b(sender, "--json", "--verify", "--size", "15-9K:mixed", "--count", "20000", "--wait",
               "30", "--warmup", "0")  # fmt: skip
    assert finished(b) == 0
    assert finished(a) == 0
    assert only_row(a)["received"] == 20000 == only_row(b)["peer_received"]
    assert only_row(a)["lost"] == only_row(a)["corrupted"] == 0
    assert [only_row(a)["api"], only_row(b)["api"]] == list(apis)


def test_partners_find_each_other(stage):
    """Nobody says --peer: by broadcast, as on any port."""
    pair = Pair(stage, apis=FABRIC)
    pong = pair.start(0, "pong", "--json", "--peer", "any", "--wait", "30")
    wait_for_state(stage.region(pair.server), 1, "up")
    ping = pair.start(1, "ping", "--json", "--peer", "any", "--count", "1000", "--wait", "30")
    assert finished(ping) == 0
    assert finished(pong) == 0
    assert only_row(ping)["received"] == only_row(pong)["received"] == 11000
    assert only_row(pong)["fabric"]["rx_messages"] >= 11000


def test_ctrl_c_leaves_nothing(stage):
    pair = Pair(stage, apis=FABRIC)
    region = stage.region(pair.server)
    rx = pair.a("rx", "--verify", "--wait", "30", "--idle-us", "50")
    tx = pair.b("tx", "--verify", "--wait", "30", "--duration", "1000", "--interval", "0.1",
                "--rate", "1K")  # fmt: skip
    tx.expect_note(r"tx +[1-9]\d* messages", 30)
    with open(f"/proc/{rx.pid}/task/{rx.pid}/status", encoding="ascii") as status:
        assert re.search(rf"Cpus_allowed_list:\s+{CPUS[0]}$", status.read(), re.MULTILINE)
    tx.signal(signal.SIGINT)
    assert finished(tx) == 0
    assert finished(rx) == 0
    for port in (1, 2):
        wait_for_state(region, port, "absent")
    assert os.listdir(stage.directory) == ["socket"]
