# SPDX-License-Identifier: BSD-3-Clause
"""The server as FAME-Z's managing switch, asked by a peer that speaks the original's bytes."""

import time
from contextlib import ExitStack

import pytest

from fabric import Server, wait_until
from old_peer import WITH_CLASS, WITHOUT_CLASS, OldPeer

VECTORS = 16  # of 14 ports
SERVER_ID = 15

both_dialects = pytest.mark.parametrize(
    "dialect", [WITH_CLASS, WITHOUT_CLASS], ids=["with-class", "without-class"]
)


def start(tmp_path, *options, dialect=WITH_CLASS):
    return Server(tmp_path, "--mail-dialect", dialect.name, *options)


@both_dialects
def test_the_area_is_as_the_original_has_it(tmp_path, dialect):
    with start(tmp_path, dialect=dialect) as server, OldPeer(server, VECTORS, dialect) as peer:
        assert (peer.slot_bytes, peer.buf_offset, peer.clients, peer.events) == (512, 128, 14, 16)
        assert peer.server_id == SERVER_ID
        for slot in range(1, SERVER_ID + 1):
            assert peer.word(slot, dialect.peer_id) == slot
        assert peer.name_of(SERVER_ID) == "Z-switch"
        assert peer.word(SERVER_ID, dialect.cid) == 1500
        assert peer.word(SERVER_ID, dialect.sid) == 27
        if dialect.cclass is not None:
            assert peer.text(SERVER_ID, dialect.cclass) == "FabricSwitch"


@both_dialects
def test_a_port_is_configured_word_for_word(tmp_path, dialect):
    hop = dialect.counter
    with start(tmp_path, dialect=dialect) as server, OldPeer(server, VECTORS, dialect) as peer:
        ctl_write = peer.ask(f"Link RFC TTC=27us{hop}1")
        assert ctl_write == f"CTL-Write Space=0,PFMCID=1500,PFMSID=27,CID=100,SID=27,Tag=1{hop}2"
        question = peer.ask(f"Standalone Acknowledgment Tag=1,Reason=OK{hop}3")
        assert question == f"Link CTL Peer-Attribute{hop}4"
        peer.send(f"Link CTL ACK cclass=Debugger,CID0=100,SID0=27{hop}5")
        assert peer.receive(0.2) is None
        # What it has said of itself is known: it has not written it in its slot.
        assert "z01              Debugger            100,27" in peer.ask("who")


def test_the_kernel_drivers_count_no_hops(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS) as peer:
        answer = peer.ask("Link RFC TTC=27us")
        assert answer == "CTL-Write Space=0,PFMCID=1500,PFMSID=27,CID=100,SID=27,Tag=1"
        assert peer.ask("Standalone Acknowledgment Tag=1,Reason=OK") == "Link CTL Peer-Attribute"


def test_every_question_that_all_ports_answer(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS) as peer:
        assert peer.ask("ping") == "pong"
        assert peer.ask("ping\n") == "pong"  # as a shell's echo has it
        assert peer.ask("ping!EZT=1") == "pong!EZT=2"
        assert peer.ask("ping!FZT=7") == "pong!EZT=8"
        attributes = "Link CTL ACK cclass=FabricSwitch,CID0=1500,SID0=27"
        assert peer.ask("Link CTL Peer-Attribute") == attributes


def test_tags_are_their_receivers_alone(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        one = stack.enter_context(OldPeer(server, VECTORS))
        two = stack.enter_context(OldPeer(server, VECTORS))
        assert one.ask("Link RFC TTC=1us").endswith("CID=100,SID=27,Tag=1")
        assert two.ask("Link RFC TTC=1us").endswith("CID=200,SID=27,Tag=2")
        one.send("Standalone Acknowledgment Tag=2,Reason=OK")
        assert one.receive(0.2) is None
        assert two.ask("Standalone Acknowledgment Tag=2,Reason=OK") == "Link CTL Peer-Attribute"
        two.send("Standalone Acknowledgment Tag=2,Reason=OK")  # it is forgotten
        assert two.receive(0.2) is None
        wait_until(lambda: "acknowledges what it was not asked" in server.log())


def test_what_is_no_request_is_not_answered(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS) as peer:
        for text in ["Link RFC", "Link RFC TTC=27ms", "Link RFC TTC=us", "Link RFCs TTC=27us"]:
            peer.send(text)
        for text in ["CTL-Write Space=0,CID=1,SID=1,Tag=9", "Link CTL NAK Reason=no", "Link CTL"]:
            peer.send(text)
        for text in ["hello there", " ", "!EZT=", "Standalone Acknowledgment", "\x1b[2J", "\0"]:
            peer.send(text)
        peer.send(b"\xff\x00" * 190)
        assert peer.receive(0.2) is None
        assert peer.ask("Link CTL Peer-Attribute").endswith("CID0=1500,SID0=27")
        assert "\x1b" not in server.log()


@pytest.mark.parametrize("option", ["--noPFM", "--no-manager"])
def test_a_server_that_manages_nothing(tmp_path, option):
    with start(tmp_path, option) as server, OldPeer(server, VECTORS) as peer:
        assert peer.name_of(SERVER_ID) == "Z-server"
        ids = [peer.word(SERVER_ID, word) for word in (WITH_CLASS.cid, WITH_CLASS.sid)]
        assert ids == [0, 0]
        peer.send("Link RFC TTC=27us")
        assert peer.receive(0.2) is None
        assert peer.ask("ping") == "pong"
        assert "manages nothing" in server.log()


def test_a_silent_server_is_nobody(tmp_path):
    with start(tmp_path, "--silent") as server, OldPeer(server, VECTORS) as peer:
        assert peer.name_of(SERVER_ID) == ""
        assert SERVER_ID not in peer.eventfds


def test_commands_by_mail(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        peers = [stack.enter_context(OldPeer(server, VECTORS)) for _ in range(14)]
        pages = [peers[0].ask("who!EZT=1")]
        while "Z-switch" not in pages[-1]:  # it is the last
            pages.append(peers[0].receive()[1])
        assert 1 < len(pages) <= 4 and all(page.endswith("!EZT=2") for page in pages)
        lines = "\n".join(page.removesuffix("!EZT=2") for page in pages).splitlines()
        names = [peer.name_of(peer.id) for peer in peers]
        assert [line.split()[1] for line in lines] == [*names, "Z-switch"]
        assert "mail: " in peers[0].ask("stats")
        peers[0].send("dump")
        wait_until(lambda: "-|1        8|- [0,0] z08 Debugger attached" in server.log())


def test_mail_of_nobody_is_not_answered(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS) as peer:
        peer.write_text(9, 0, "z09")
        peer.area[9 * 512 + 128 : 9 * 512 + 132] = b"ping"
        peer.set_word(9, WITH_CLASS.buflen, 4)
        peer.ring(SERVER_ID, 9)
        wait_until(lambda: peer.word(9, WITH_CLASS.buflen) == 0)
        assert peer.word(SERVER_ID, WITH_CLASS.buflen) == 0
        assert peer.ask("ping") == "pong"


def test_a_port_that_takes_nothing_costs_the_others_nothing(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        deaf = stack.enter_context(OldPeer(server, VECTORS))
        peer = stack.enter_context(OldPeer(server, VECTORS))
        deaf.send("ping")
        time.sleep(0.4)  # the server has given up by now
        begin = time.monotonic()
        for _ in range(200):
            deaf.send("ping")
            assert peer.ask("ping") == "pong"
        # 200 of these would take 50 seconds if each were waited for.
        assert time.monotonic() - begin < 10
        assert " dropped" in peer.ask("stats")


def test_a_successor_does_not_get_its_predecessors_mail(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        peer = stack.enter_context(OldPeer(server, VECTORS))
        with OldPeer(server, VECTORS) as other:
            other.send("ping")
        with OldPeer(server, VECTORS) as other:
            assert other.id == 2 and other.receive(0.3) is None
            assert other.word(SERVER_ID, WITH_CLASS.buflen) == 0
            assert other.ask("ping") == "pong"
        assert peer.ask("ping") == "pong"


def test_mail_is_found_without_a_doorbell(tmp_path):
    # Fewer vectors than ids: doorbells say nothing, and who says whom its mail is for is heard.
    with start(tmp_path, "--vectors", 1) as server, OldPeer(server, 1) as peer:
        data = b"ping"
        start_of_text = peer.id * 512 + 128
        peer.area[start_of_text : start_of_text + 4] = data
        peer.set_word(peer.id, WITH_CLASS.last, SERVER_ID)
        peer.set_word(peer.id, WITH_CLASS.buflen, 4)
        assert peer.taken()
        length = SERVER_ID * 512
        wait_until(lambda: peer.area[length + 128 : length + 132] == b"pong")


def test_a_slot_that_was_scribbled_over_is_restored(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS) as peer:
        peer.area[SERVER_ID * 512 : SERVER_ID * 512 + 512] = b"\xff" * 512
        wait_until(lambda: peer.name_of(SERVER_ID) == "Z-switch")
        wait_until(lambda: peer.word(SERVER_ID, WITH_CLASS.peer_id) == SERVER_ID)
        assert peer.ask("ping") == "pong"


def test_doorbells_without_end_hold_up_nobody(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        noisy = stack.enter_context(OldPeer(server, VECTORS))
        for _ in range(20000):
            noisy.ring(SERVER_ID, 3)
        noisy.set_word(3, WITH_CLASS.buflen, 2**64 - 1)  # an impossible length
        noisy.ring(SERVER_ID, 3)
        wait_until(lambda: noisy.word(3, WITH_CLASS.buflen) == 0)
        with OldPeer(server, VECTORS) as peer:
            assert peer.ask("ping") == "pong"
