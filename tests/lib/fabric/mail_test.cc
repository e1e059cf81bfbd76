// SPDX-License-Identifier: BSD-3-Clause
//
// FAME-Z mail: slots, the slot protocol, and the flaws of the original that must be absent.
#include <cstring>
#include <thread>

#include <famez/error.h>
#include <famez/memory.h>

#include "mail_fixture.h"

namespace famez::test {
namespace {

using std::chrono::seconds;

std::uint64_t& word(MailArea& area, std::uint32_t slot, std::size_t offset) {
    return at<std::uint64_t>(area.memory.bytes(), slot * layout::mail_slot_bytes + offset);
}

class MailTest : public testing::TestWithParam<MailDialect> {
  protected:
    [[nodiscard]] std::size_t buflen_offset() const {
        return GetParam() == MailDialect::with_class ? 64 : 32;
    }
    [[nodiscard]] std::size_t responder_offset() const {
        return GetParam() == MailDialect::with_class ? 80 : 48;
    }
    // As a Python client does it: text, length, and nothing about whom it is for.
    void post_as_python(std::uint32_t slot, const std::string& text) {
        std::memcpy(area_.memory.bytes().data() + slot * 512 + 128, text.data(), text.size());
        store_release(word(area_, slot, buflen_offset()), std::uint64_t{text.size()});
    }

    MailArea area_{3, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Dialects, MailTest,
                         testing::Values(MailDialect::with_class, MailDialect::without_class));

TEST_P(MailTest, AMessageIsTakenByWhomItIsFor) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    one.station.sender().submit(2, "hello there");
    EXPECT_FALSE(one.pump());
    two.receive();
    ASSERT_EQ(two.inbox.size(), 1U);
    EXPECT_EQ(two.inbox[0].from, 1U);
    EXPECT_EQ(two.inbox[0].message, "hello there");
    EXPECT_EQ(one.pump(), MailEnd::taken);
    EXPECT_TRUE(one.station.sender().idle());
}

TEST_P(MailTest, MessagesArriveInOrderOneAtATime) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    for (int i = 0; i < 1000; ++i)
        one.station.sender().submit(2, std::to_string(i));
    while (!one.station.sender().idle()) {
        one.pump();
        two.receive();
    }
    ASSERT_EQ(two.inbox.size(), 1000U);
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(two.inbox[static_cast<std::size_t>(i)].message, std::to_string(i));
}

TEST_P(MailTest, BytesOfAnyKindUpToTheLongest) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    std::string all;
    for (std::size_t i = 0; i < Mailbox::message_max; ++i)
        all.push_back(static_cast<char>(i));
    one.station.sender().submit(2, all);
    one.pump();
    two.receive();
    ASSERT_EQ(two.inbox.size(), 1U);
    EXPECT_EQ(two.inbox[0].message, all);
    EXPECT_EQ(one.pump(), MailEnd::taken);
    one.station.sender().submit(2, all + "x");
    EXPECT_EQ(one.pump(), MailEnd::invalid);
    one.station.sender().submit(2, "");
    EXPECT_EQ(one.pump(), MailEnd::invalid);
    one.station.sender().submit(5, "x");
    EXPECT_EQ(one.pump(), MailEnd::invalid);
}

TEST_P(MailTest, AnAbsentTargetIsToldAtOnce) {
    MailClient one(area_, 1);
    one.station.sender().submit(2, "anybody?");
    EXPECT_EQ(one.pump(), MailEnd::absent);
}

TEST_P(MailTest, WhatIsForOneWhoHasGoneIsNotForHisSuccessor) {
    MailClient one(area_, 1);
    one.station.sender().set_linger(true);
    {
        MailClient two(area_, 2);
        one.station.sender().submit(2, "for the first holder");
        EXPECT_FALSE(one.pump());
    }
    EXPECT_EQ(one.pump(), MailEnd::absent);
    MailClient successor(area_, 2);
    successor.sweep();
    successor.receive();
    EXPECT_TRUE(successor.inbox.empty());
}

TEST_P(MailTest, WhoNeverReadsCostsItsSenderTheirPatienceAndNoMore) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    MailClient three(area_, 3);
    one.station.sender().submit(2, "for two");
    one.station.sender().submit(3, "for three");
    const auto start = MailSender::Clock::now();
    EXPECT_FALSE(one.pump(start));
    EXPECT_EQ(one.pump(start + seconds(2)), MailEnd::not_taken);
    EXPECT_FALSE(one.pump(start + seconds(3)));
    // Two wakes up now: what stands in the slot is not for it.
    two.receive();
    EXPECT_TRUE(two.inbox.empty());
    three.receive();
    ASSERT_EQ(three.inbox.size(), 1U);
    EXPECT_EQ(three.inbox[0].message, "for three");
    EXPECT_EQ(one.pump(), MailEnd::taken);
}

TEST_P(MailTest, WhatIsNotWantedYetStaysWithItsSender) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    std::vector<std::string> inbox;
    std::size_t room = 1;
    const auto accept = [&](const Mail& mail) {
        if (inbox.size() >= room) return false;
        inbox.push_back(mail.message);
        return true;
    };
    one.station.sender().submit(2, "first");
    one.station.sender().submit(2, "second");
    one.pump();
    two.station.offer(false, accept);
    one.pump();
    for (int i = 0; i < 3; ++i)
        two.station.offer(true, accept);
    EXPECT_EQ(inbox, std::vector<std::string>{"first"});
    EXPECT_FALSE(one.pump());
    room = 2;
    two.station.offer(false, accept);
    EXPECT_EQ(inbox, (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(one.pump(), MailEnd::taken);
}

TEST_P(MailTest, WhatWasNotWantedAndIsAnotherByNowIsForgotten) {
    MailClient two(area_, 2);
    post_as_python(1, "for two");
    ring_eventfd(area_.eventfd(2, 1));
    two.station.offer(false, [](const Mail&) { return false; });
    post_as_python(1, "for three");
    two.station.offer(true, [](const Mail& mail) {
        ADD_FAILURE() << mail.message;
        return true;
    });
    EXPECT_EQ(word(area_, 1, buflen_offset()), 9U);
}

TEST_P(MailTest, TheDoorbellOfANewcomerIsRungAsSoonAsItIsKnown) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    one.transport.reach = 1;
    one.station.sender().submit(2, "welcome");
    one.pump();
    two.receive();
    EXPECT_TRUE(two.inbox.empty());
    one.transport.reach = 1000;
    one.pump();
    two.receive();
    EXPECT_EQ(two.inbox.size(), 1U);
    EXPECT_EQ(one.pump(), MailEnd::taken);
}

TEST_P(MailTest, AMessageCanWaitForALateReceiver) {
    MailClient one(area_, 1);
    MailClient two(area_, 2);
    MailSender& sender = one.station.sender();
    sender.set_linger(true);
    sender.submit(2, "hello there");
    const auto start = MailSender::Clock::now();
    EXPECT_FALSE(one.pump(start));
    EXPECT_TRUE(sender.posted());
    EXPECT_FALSE(one.pump(start + seconds(1000)));
    // Until another wants the place, and then its time has long been over.
    sender.make_way(start + seconds(1000));
    EXPECT_EQ(sender.receipt()->end, MailEnd::not_taken);
    EXPECT_TRUE(sender.idle());
}

TEST_P(MailTest, OldSendersDoNotSayWhomTheirMailIsFor) {
    MailClient two(area_, 2);
    post_as_python(1, "from python");
    two.sweep();
    EXPECT_TRUE(two.inbox.empty());
    ring_eventfd(area_.eventfd(2, 1));
    two.receive();
    ASSERT_EQ(two.inbox.size(), 1U);
    EXPECT_EQ(two.inbox[0].message, "from python");
    EXPECT_EQ(load_relaxed(word(area_, 1, buflen_offset())), 0U);
}

TEST_P(MailTest, ADoorbellOnAWrongVectorFindsNothing) {
    MailClient two(area_, 2);
    MailClient three(area_, 3);
    MailClient one(area_, 1);
    three.station.sender().submit(1, "for one");
    three.pump();
    for (std::uint32_t vector = 0; vector < 5; ++vector)
        ring_eventfd(area_.eventfd(2, vector));
    two.receive();
    EXPECT_TRUE(two.inbox.empty());
    one.receive();
    EXPECT_EQ(one.inbox.size(), 1U);
}

TEST_P(MailTest, WithTooFewVectorsMailIsFoundByTheSweep) {
    MailClient one(area_, 1, 2);
    MailClient three(area_, 3, 2);
    three.transport.reach = 2;
    three.station.sender().submit(1, "no doorbell");
    EXPECT_FALSE(three.pump());
    one.receive();
    EXPECT_TRUE(one.inbox.empty());
    one.sweep();
    ASSERT_EQ(one.inbox.size(), 1U);
    EXPECT_EQ(three.pump(), MailEnd::taken);

    three.station.sender().submit(1, "nobody sweeps");
    const auto start = MailSender::Clock::now();
    three.pump(start);
    EXPECT_EQ(three.pump(start + seconds(2)), MailEnd::unreachable);
}

TEST_P(MailTest, ImpossibleLengthsAreThrownAway) {
    MailClient two(area_, 2);
    for (const std::uint64_t length : {std::uint64_t{384}, ~std::uint64_t{0}}) {
        store_relaxed(word(area_, 1, buflen_offset()), length);
        ring_eventfd(area_.eventfd(2, 1));
        two.receive();
        EXPECT_TRUE(two.inbox.empty());
        EXPECT_EQ(load_relaxed(word(area_, 1, buflen_offset())), 0U);
    }
}

TEST_P(MailTest, WhoIsThereShowsInItsSlot) {
    MailClient one(area_, 1);
    one.station.mailbox().show({"a name that is longer than thirty-one bytes", "Bridge", 100, 27});
    const Mailbox other = Mailbox::open(area_.memory.bytes(), 2);
    EXPECT_EQ(other.dialect(), GetParam());
    EXPECT_EQ(other.ports(), 3U);
    const MailParty seen = other.look(1);
    EXPECT_EQ(seen.node_name, "a name that is longer than thir");
    EXPECT_EQ(seen.component_class, GetParam() == MailDialect::with_class ? "Bridge" : "");
    EXPECT_EQ(seen.cid, 100U);
    EXPECT_EQ(seen.sid, 27U);
    EXPECT_TRUE(other.look(2).node_name.empty());
    word(area_, 2, 0) = 0x1b'5b'41'42;
    EXPECT_EQ(other.look(2).node_name, "BA[?");
}

TEST_P(MailTest, TheEndLeavesAnEmptySlot) {
    {
        MailClient one(area_, 1);
        MailClient two(area_, 2);
        one.station.sender().submit(2, "in the middle of a send");
        one.pump();
    }
    EXPECT_EQ(load_relaxed(word(area_, 1, 0)), 0U);
    EXPECT_EQ(load_relaxed(word(area_, 1, buflen_offset())), 0U);
    EXPECT_EQ(load_relaxed(word(area_, 1, responder_offset())), 0U);
}

TEST_P(MailTest, APortAnswersItsOwnBusiness) {
    MailClient one(area_, 1);
    MailResponder responder(one.station.mailbox(), {"z01", "Adapter", 0, 0});
    const bool older = GetParam() == MailDialect::without_class;
    EXPECT_EQ(responder.answer({2, "ping"}), "pong");
    EXPECT_EQ(responder.answer({2, older ? "ping!FZT=1" : "ping!EZT=1"}),
              older ? "pong!FZT=2" : "pong!EZT=2");
    EXPECT_EQ(responder.answer({2, "Link CTL Peer-Attribute"}),
              older ? "Link CTL ACK C-Class=Adapter,CID0=0,SID0=0"
                    : "Link CTL ACK cclass=Adapter,CID0=0,SID0=0");
    EXPECT_FALSE(responder.configured());
    EXPECT_EQ(responder.answer({4, "CTL-Write Space=0,PFMCID=400,PFMSID=27,CID=100,SID=27,Tag=7"}),
              "Standalone Acknowledgment Tag=7,Reason=OK");
    EXPECT_TRUE(responder.configured());
    EXPECT_EQ(one.station.mailbox().look(1).cid, 100U);
    EXPECT_EQ(one.station.mailbox().look(1).sid, 27U);
    for (const char* other : {"pong", "hello", "pinging", "CTL-Write Space=1,CID=1,SID=1,Tag=1",
                              "CTL-Write CID=x", "Link CTL ACK a=b"})
        EXPECT_FALSE(responder.answer({2, other})) << other;
}

// Each in a thread, as in two processes: nothing but the slots and the doorbells between them.
TEST(MailThreadsTest, NothingIsLostAndOrderStays) {
    constexpr int count = 500;
    MailArea area(3);
    MailClient one(area, 1);
    MailClient two(area, 2);
    std::thread receiver([&two] {
        while (two.inbox.size() < count) {
            two.receive();
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < count; ++i)
        one.station.sender().submit(2, std::to_string(i));
    one.station.sender().set_patience(seconds(60));
    while (!one.station.sender().idle()) {
        EXPECT_EQ(one.pump().value_or(MailEnd::taken), MailEnd::taken);
        std::this_thread::yield();
    }
    receiver.join();
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(two.inbox[static_cast<std::size_t>(i)].message, std::to_string(i));
}

TEST(MailTextTest, HopsComeOffTheEnd) {
    EXPECT_EQ(split_hops("ping!EZT=12").text, "ping");
    EXPECT_EQ(split_hops("ping!EZT=12").hops, 12U);
    EXPECT_EQ(split_hops("ping!FZT=3").hops, 3U);
    EXPECT_EQ(split_hops("ping").hops, std::nullopt);
    EXPECT_EQ(split_hops("a!EZT=b").text, "a!EZT=b");
    EXPECT_EQ(split_hops("a!EZT=99999999999999999999").hops, std::nullopt);
}

TEST(MailTextTest, PairsAreWordsWithAnEqualsSign) {
    const auto pairs = parse_pairs("Tag = 3, Reason=OK,odd,=x,Empty=");
    EXPECT_EQ(pairs.at("Tag"), "3");
    EXPECT_EQ(pairs.at("Reason"), "OK");
    EXPECT_EQ(pairs.at("Empty"), "");
    EXPECT_FALSE(pairs.contains("odd"));
    EXPECT_TRUE(parse_pairs("").empty());
}

TEST(MailboxTest, WhatIsNoMailboxIsRefused) {
    FencedMemory memory(std::size_t{1} << 16);
    EXPECT_THROW(Mailbox::open(memory.bytes(), 1), FabricError);
    EXPECT_THROW(Mailbox::open(memory.bytes().first(1024), 1), FabricError);
    write_mail_words(memory.bytes(), 3, MailDialect::with_class);
    EXPECT_NO_THROW(Mailbox::open(memory.bytes(), 4));
    EXPECT_THROW(Mailbox::open(memory.bytes(), 0), FabricError);
    EXPECT_THROW(Mailbox::open(memory.bytes(), 5), FabricError);
    auto& globals = at<layout::MailGlobals>(memory.bytes(), 0);
    globals.clients = 127;
    globals.server_id = 128;
    EXPECT_THROW(Mailbox::open(memory.bytes(), 1), FabricError);
    globals.clients = ~std::uint64_t{0};
    globals.server_id = 0;
    EXPECT_THROW(Mailbox::open(memory.bytes(), 1), FabricError);
}

}  // namespace
}  // namespace famez::test
