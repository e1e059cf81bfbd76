# SPDX-License-Identifier: BSD-3-Clause
"""FAME-Z mail with a port of stock testpmd, by a client that does as FAME-Z's did."""

import time

import pytest

from program_lib.mail import MailPeer
from program_lib.processes import wait_until
from program_lib.settings import slow
from program_lib.testpmd import end, statistics, wait_for_packets

INBOX = 256


def alone(stage, devargs=""):
    """A port alone, and its id."""
    testpmd = stage.testpmd([devargs])
    return testpmd, 1


def test_a_port_shows_itself_and_goes(stage):
    stage.server()
    testpmd, port = alone(stage, "node=tess,class=Adapter")
    with MailPeer(stage.socket) as peer:
        assert peer.party(port) == ("tess", "Adapter", 0, 0)
        plain = stage.testpmd([""])
        assert peer.party(3) == ("z03", "net_famez", 0, 0)
        for program in (testpmd, plain):
            end(program)
        assert peer.party(port)[0] == peer.party(3)[0] == ""


def test_a_port_without_mail(stage):
    stage.server()
    testpmd, port = alone(stage, "mail=0")
    with MailPeer(stage.socket) as peer:
        assert peer.party(port) == ("", "", 0, 0)
    end(testpmd)


def test_a_port_answers_while_traffic_goes_on(stage):
    stage.server()
    rx = stage.testpmd(["peer=2"], "--forward-mode=rxonly", "--auto-start")
    tx = stage.testpmd(["peer=1"], "--forward-mode=txonly", "--auto-start")
    wait_for_packets(rx, 1000)
    with MailPeer(stage.socket) as peer:
        for port in (1, 2):
            answers = [peer.ask(port, f"ping!EZT={hops}") for hops in range(1, 101)]
            assert answers == [f"pong!EZT={hops + 1}" for hops in range(1, 101)]
            assert peer.ask(port, "ping") == "pong"
            assert peer.ask(port, "Link CTL Peer-Attribute!EZT=1") == (
                "Link CTL ACK cclass=net_famez,CID0=0,SID0=0!EZT=2"
            )
            written = f"CTL-Write Space=0,PFMCID=1500,PFMSID=27,CID={port}00,SID=27,Tag=7!EZT=3"
            assert peer.ask(port, written) == "Standalone Acknowledgment Tag=7,Reason=OK!EZT=4"
            assert peer.party(port)[2:] == (port * 100, 27)
            assert peer.ask(port, "Link CTL Peer-Attribute") == (
                f"Link CTL ACK cclass=net_famez,CID0={port}00,SID0=27"
            )
    so_far = statistics(rx)["RX-packets"]
    wait_for_packets(rx, so_far + 1000)
    counted = statistics(tx)
    assert counted["mail_received"] == 104 and counted["mail_not_taken"] == 0
    wait_until(lambda: statistics(tx)["mail_sent"] == 104, 10, "all answers known to be taken")
    for testpmd in (rx, tx):
        end(testpmd)


def test_what_nobody_reads_stays_with_its_sender_and_pings_are_answered(stage):
    stage.server()
    testpmd, port = alone(stage)
    with MailPeer(stage.socket) as peer, MailPeer(stage.socket) as other:
        for number in range(INBOX + 1):
            peer.post(port, f"message {number}")
        time.sleep(0.2 * slow())
        assert not peer.free()
        assert other.ask(port, "ping") == "pong"
        assert not peer.free()
        assert statistics(testpmd)["mail_received"] == INBOX + 1
    end(testpmd)


def test_who_does_not_take_its_answers_delays_the_others_for_a_while_only(stage):
    stage.server()
    testpmd, port = alone(stage)
    with MailPeer(stage.socket) as deaf, MailPeer(stage.socket) as peer:
        deaf.post(port, "ping")
        wait_until(deaf.free, 10, "the ping taken")
        assert peer.ask(port, "ping", 20) == "pong"
        assert statistics(testpmd)["mail_not_taken"] == 1
    end(testpmd)


@pytest.mark.parametrize("says_whom", [True, False])
def test_without_doorbells_mail_is_found_where_it_says_whom_it_is_for(stage, says_whom):
    stage.server("--vectors", 1)
    testpmd, port = alone(stage)
    with MailPeer(stage.socket, says_whom=says_whom) as peer:
        peer.post(port, "ping")
        if says_whom:
            wait_until(peer.free, 10, "the ping taken")
        else:
            time.sleep(0.3 * slow())
            assert not peer.free()
    end(testpmd)
