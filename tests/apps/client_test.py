# SPDX-License-Identifier: BSD-3-Clause
"""famez_client: its commands on a fabric of ours, and at the original's server."""

import json
import re
import signal

import pytest

from client_original import COUNTERS, OriginalServer
from client_stage import Clients
from program_lib.processes import wait_until
from program_lib.stage import wait_for_state

PORTS = 14
SERVER_ID = PORTS + 1


@pytest.fixture
def clients(stage):
    stage.server()
    return Clients(stage)


# ---- on our own fabric ----


def test_who_shows_everybody(clients):
    clients.listen("bob")
    told = clients.json("-a", "me", "--class", "Adapter", "who")
    assert (told["ports"], told["server_id"], told["fabric"]) == (PORTS, SERVER_ID, True)
    by_name = {node["node"]: node for node in told["nodes"]}
    assert set(by_name) == {"bob", "me", "Z-switch"}
    assert by_name["bob"]["id"] == 1
    assert by_name["bob"]["class"] == "Debugger"
    assert by_name["bob"]["state"] == "mail"
    assert by_name["me"]["class"] == "Adapter" and by_name["me"]["self"]
    assert by_name["Z-switch"]["state"] == "server"
    text = clients.ok("list")
    assert re.search(r"^ *1  bob +Debugger +0 +0  mail$", text, re.MULTILINE)
    assert "z02" in text  # the one that asked


def test_dump_draws_all_ports(clients):
    drawing = clients.ok("dump")
    assert "Z-switch FabricSwitch" in drawing
    assert "z01 Debugger mail --|1 " in drawing
    for port in range(1, PORTS + 1):
        assert re.search(rf"\|{port} | {port}\|", drawing)


def test_a_message_to_one(clients):
    bob = clients.listen("bob", "-n", 1, "--json")
    assert clients.ok("-a", "alice", "send", "bob", "hello", "there") == ""
    assert bob.wait() == 0
    assert json.loads(bob.out.text) == {"from": 2, "node": "alice", "text": "hello there"}


@pytest.mark.parametrize("target", ["1", "0x1", "bob"])
def test_targets(clients, target):
    bob = clients.listen("bob")
    clients.ok("send", target, "--", "-x")
    bob.expect(r": -x$")


def test_all_and_others_reach_each(clients):
    listeners = [clients.listen(name) for name in ("ann", "bob", "cid")]
    sent = clients.json("send", "others", "to each")["sent"]
    assert [entry["to"] for entry in sent] == [1, 2, 3, SERVER_ID]
    assert all(entry["taken"] for entry in sent)
    sent = clients.json("send", "all", "and me")["sent"]
    assert [entry["to"] for entry in sent] == [1, 2, 3, 4, SERVER_ID]
    assert all(entry["taken"] for entry in sent)
    for listener in listeners:
        listener.expect(r"to each\n(.|\n)*and me$")


@pytest.mark.parametrize(
    "words, why",
    [
        (["send", "9", "x"], "nobody is there"),
        (["send", "nobody", "x"], "nobody here is named nobody"),
        (["send", "99", "x"], "no id 99"),
        (["send", "0", "x"], "no id 0"),
        (["send", "server", "x" * 384], "383 is the most"),
        (["ping", "9"], "nobody is there"),
        (["link", "9"], "nobody is there"),
        (["flood", "9"], "nobody is there"),
        (["flood", "all"], "this goes to one"),
        (["listen", "-n", "1", "--seconds", "0.1"], "0 of 1 messages came"),
    ],
)
def test_failures_are_told(clients, words, why):
    code, _, err = clients.run(*words)
    assert code == 1
    assert why in err and err.startswith("famez_client: ")


def test_who_does_not_take_its_mail_costs_the_patience(clients):
    bob = clients.listen("bob")
    bob.process.send_signal(signal.SIGSTOP)
    code, _, err = clients.run("-W", "0.2", "send", "bob", "anybody?")
    bob.process.send_signal(signal.SIGCONT)
    assert code == 1 and "does not take its mail" in err
    # What was taken back is not delivered later.
    clients.ok("send", "bob", "now")
    bob.expect(r": now$")
    assert "anybody" not in bob.out.text


@pytest.mark.parametrize(
    "words", [["bogus"], ["send"], ["send", "1"], ["ping", "1", "-c", "x"], ["--name", "", "who"]]
)
def test_wrong_usage(clients, words):
    code, _, err = clients.run(*words)
    assert code == 2 and err.startswith("famez_client: ")


def test_help_and_version(clients):
    assert "TARGETS" in clients.ok("--help")
    assert "EXIT STATUS" in clients.ok("ping", "--help")
    assert clients.ok("help", "ping") == clients.ok("ping", "--help")
    assert clients.ok("--version").startswith("famez_client ")


def test_no_server(stage):
    code, _, err = Clients(stage).run("who")
    assert code == 1 and "no server is there" in err


def test_ping(clients):
    clients.listen("bob")
    out = clients.ok("ping", "bob", "-c", 3, "-i", 0.01)
    assert len(re.findall(r"^pong from bob \(1\): [\d.]+ [mu]s", out, re.MULTILINE)) == 3
    assert "3 sent, 3 answered, 0 lost; min/p50/p99/max" in out
    told = clients.json("ping", "others", "-c", 100, "-i", 0)["pings"]
    assert [entry["to"] for entry in told] == [1, SERVER_ID]
    for entry in told:
        assert entry["answered"] == 100
        times = entry["rtt_us"]
        assert 0 < times["min"] <= times["p50"] <= times["p99"] <= times["max"]


def test_spoof(clients):
    bob = clients.listen("bob", "--json", "-n", 1)
    clients.ok("spoof", 7, "bob", "who", "am", "I")
    assert bob.wait() == 0
    assert json.loads(bob.out.text) == {"from": 7, "node": "", "text": "who am I"}


def test_link_asks_for_attributes(clients):
    clients.listen("bob")
    told = clients.json("link", "bob")
    assert told["attributes"] == {"cclass": "Debugger", "CID0": "0", "SID0": "0"}


def test_what_a_sender_writes_cannot_drive_the_terminal(clients):
    bob = clients.listen("bob")
    clients.ok("send", "bob", "red \x1b[31m ü")
    bob.expect(r": red \?\[31m ü$")


def test_twenty_thousand_in_order(clients):
    bob = clients.listen("bob", "--verify", "-n", 20000, "--json")
    told = clients.json("flood", "bob", "-n", 20000, "-s", 300)
    assert told["taken"] == 20000
    assert bob.wait(60) == 0
    (seen,) = json.loads(bob.out.text)["verified"]
    assert (seen["received"], seen["lost"], seen["out_of_order"]) == (20000, 0, 0)
    print(f"flood: {told['rate']:.0f}/s")


def test_losses_are_noticed(clients):
    bob = clients.listen("bob", "--verify", "--quiet")
    for number in (1, 2, 5, 4):
        clients.ok("send", "bob", "flood", number, "of", 6)
    assert bob.stop() == 1
    assert re.search(r"^4 messages from .*: 3 lost, 1 out of order", bob.out.text)


def test_watch_shows_what_goes_on(stage):
    region = stage.region(stage.server())
    clients = Clients(stage)
    assert "no ports with lanes" in clients.ok("watch", "-c", 1, "-i", 0.05)
    pong = stage.pingpong("peer=2", "pong")
    wait_for_state(region, 1, "up")
    ping = stage.pingpong("peer=1", "ping", "--duration", 1000)
    wait_for_state(region, 2, "up")
    wait_until(lambda: region.counters(2)["rx_messages"] > 0, 10, "answers to pings")
    told = clients.json("watch", "-c", 1, "-i", 1)
    assert [port["id"] for port in told["ports"]] == [1, 2]
    for port in told["ports"]:
        assert port["state"] == "up"
        assert port["tx_rate"] > 0 and port["rx_rate"] > 0
        assert (port["lanes_in"], port["lanes_out"], port["drops"]) == (1, 1, 0)
        assert port["ring_depth"] <= told["ring_bytes"]
    text = clients.ok("watch", "-c", 2, "-i", 0.1)
    assert text.count("tx MB/s") == 2 and "\x1b" not in text
    assert ping.running() and pong.running()


def test_ask_prints_what_comes_back(clients):
    assert "Z-switch" in clients.ok("ask", "server", "who")
    clients.listen("bob")
    code, out, err = clients.run("-W", "2", "ask", "bob", "what's up?")
    assert (code, out) == (1, "") and "no answer" in err
    assert clients.json("ask", "bob", "ping")["answers"] == ["pong"]


def test_commands_from_a_pipe(clients):
    script = "# a comment\n\nsend 1 to myself, don't panic\nping 1\nwho"
    out = clients.ok(text=script)
    assert "z01 (1): to myself, don't panic\npong from z01 (1)" in out
    assert "Z-switch" in out
    code, out, err = clients.run(text="send 9 x\nbogus\nwho\nquit\ndump\n")
    assert code == 2 and "nobody is there" in err and "bogus" in err
    assert "Z-switch" in out and "+--" not in out


def test_a_listener_survives_the_server(stage):
    server = stage.server()
    clients = Clients(stage)
    bob = clients.listen("bob")
    server.stop()
    bob.expect_note(r"the server has gone")
    assert bob.running()
    assert bob.stop() == 0


# ---- the original's server ----

dialects = pytest.mark.parametrize("dialect", list(COUNTERS))
cuts = pytest.mark.parametrize("cut", ["whole", "fragmented", "coalesced"])


@dialects
@cuts
def test_at_the_original_server(stage, dialect, cut):
    with OriginalServer(stage.socket, dialect, cut) as server:
        clients = Clients(stage)
        told = clients.json("who")
        assert (told["ports"], told["server_id"], told["fabric"]) == (3, 4, False)
        assert [node["node"] for node in told["nodes"]] == ["z01", "Z-switch"]
        clients.ok("send", "switch", "hello there")
        assert server.received == [(1, "hello there")]
        clients.ok("ping", 4)
        # Just the word: the original's kernel driver knows nothing else.
        assert server.received[-1] == (1, "ping")
        assert "FabricSwitch" in clients.ok("link", "server")
        code, _, err = clients.run("watch")
        assert code == 1 and "no fabric" in err
        wait_until(lambda: server.text(1, 0) == "", 5, "an empty slot behind each")


@dialects
@cuts
def test_configured_word_for_word(stage, dialect, cut):
    with OriginalServer(stage.socket, dialect, cut) as server:
        told = Clients(stage).json("rfc")
        assert (told["state"], told["cid"], told["sid"]) == ("configured", 100, 27)
        hop = COUNTERS[dialect]
        key = "cclass" if dialect == "with-class" else "C-Class"
        cclass = "Debugger"
        assert server.received == [
            (1, f"Link RFC TTC=27us{hop}1"),
            (1, f"Standalone Acknowledgment Tag=1,Reason=OK{hop}3"),
            (1, f"Link CTL ACK {key}={cclass},CID0=100,SID0=27{hop}5"),
        ]
        assert len(told["steps"]) == 5


def test_a_server_that_does_not_manage(stage):
    with OriginalServer(stage.socket, manages=False):
        code, out, err = Clients(stage).run("-W", "2", "rfc")
        assert code == 1 and "did not configure us" in err
        assert "state up, CID 0, SID 0" in out


def test_clients_of_the_original_write_to_each_other(stage):
    with OriginalServer(stage.socket):
        clients = Clients(stage)
        bob = clients.listen("bob", "-n", 1)
        told = clients.json("ping", "bob", "-c", 50, "-i", 0)["pings"]
        assert told[0]["answered"] == 50
        clients.ok("send", "bob", "hello")
        assert bob.wait() == 0


def test_a_full_server(stage):
    with OriginalServer(stage.socket, clients=1):
        clients = Clients(stage)
        clients.listen("bob")
        code, _, err = clients.run("who")
        assert code == 1 and "all of its ports are taken" in err


def test_a_server_without_a_mailbox(stage):
    stage.server("--stock", "-l", "1M")
    code, _, err = Clients(stage).run("who")
    assert code == 1 and "no FAME-Z mailbox" in err
