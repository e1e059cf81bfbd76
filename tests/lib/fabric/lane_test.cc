// SPDX-License-Identifier: BSD-3-Clause
//
// A lane between two sound ends: handshake, records of all sizes, ends of the ring, back-pressure.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lane_fixture.h"

namespace famez::test {
namespace {

template <class Memory>
class LaneTest : public testing::Test {
  protected:
    Lane<Memory> lane_;
};
using Memories = testing::Types<WriteBack, Weak>;
TYPED_TEST_SUITE(LaneTest, Memories);

TYPED_TEST(LaneTest, NothingIsSentBeforeTheAnswer) {
    auto& lane = this->lane_;
    EXPECT_FALSE(lane.producer.ready());
    EXPECT_FALSE(lane.send("early"));
    EXPECT_EQ(lane.producer.state(), ProducerState::asking);
    EXPECT_FALSE(lane.send("early"));
    ASSERT_TRUE(lane.open());
    EXPECT_EQ(lane.tx.lanes_requested, 1U);
    EXPECT_EQ(lane.tx.lanes_opened, 1U);
    EXPECT_EQ(lane.rx.lanes_granted, 1U);
    EXPECT_EQ(lane.rx.rings_held, 1U);
    EXPECT_TRUE(lane.inbox.empty());
}

TYPED_TEST(LaneTest, SizesFromNothingToTheMostArriveWhole) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    std::vector<Message> sent;
    const std::uint32_t most = lane.fabric.geometry().payload_max();
    for (std::uint32_t length = 0; length <= most; length += length < 200 ? 1 : 37) {
        sent.push_back({text(length, length), 0});
        while (!lane.send(sent.back().payload))
            ASSERT_NE(lane.receive(), 0U);
    }
    sent.push_back({text(1, most), 0});
    while (!lane.send(sent.back().payload))
        ASSERT_NE(lane.receive(), 0U);
    while (lane.receive() != 0) {
    }
    EXPECT_EQ(lane.inbox, sent);
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
    EXPECT_EQ(lane.tx.lanes_requested, 1U);
}

TYPED_TEST(LaneTest, TheMoreFlagArrives) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    ASSERT_TRUE(lane.send("first", record::flag_more));
    ASSERT_TRUE(lane.send("last"));
    lane.receive();
    EXPECT_EQ(lane.inbox, (std::vector<Message>{{"first", record::flag_more}, {"last", 0}}));
}

TYPED_TEST(LaneTest, TheFlagsOfFramesWithoutChecksumsArrive) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    const std::vector<Message> sent{{"ip", record::flag_no_ip_sum},
                                    {"l4", record::flag_no_l4_sum},
                                    {"both", record::flags_unsummed},
                                    {"neither", 0}};
    for (const Message& message : sent)
        ASSERT_TRUE(lane.send(message.payload, message.flags));
    EXPECT_EQ(lane.consumer.waiting(8), 4U);
    lane.receive();
    EXPECT_EQ(lane.inbox, sent);
}

TYPED_TEST(LaneTest, BurstsAppearWhole) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    typename Producer<TypeParam>::Burst burst(lane.producer);
    const std::string padded = text(9, record::small_bytes);
    for (std::uint32_t length = 0; length < 20; ++length) {
        ASSERT_TRUE(burst.append_small(padded.data(), length));
        EXPECT_FALSE(lane.consumer.pending());
    }
    burst.finish(20);
    EXPECT_TRUE(lane.consumer.pending());
    EXPECT_EQ(lane.poll(), 20U);
    for (std::uint32_t length = 0; length < 20; ++length) {
        EXPECT_EQ(lane.inbox[length].payload, padded.substr(0, length));
    }
    EXPECT_FALSE(lane.consumer.pending());
}

TYPED_TEST(LaneTest, AnEmptyBurstChangesNothing) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    typename Producer<TypeParam>::Burst(lane.producer).finish(0);
    EXPECT_FALSE(lane.consumer.pending());
    ASSERT_TRUE(lane.send("x"));
    EXPECT_EQ(lane.poll(), 1U);
}

TYPED_TEST(LaneTest, SmallRecordsCrossTheEndAtEveryPhase) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    std::uint32_t number = 0;
    for (int round = 0; round < 3000; ++round) {
        typename Producer<TypeParam>::Burst burst(lane.producer);
        const std::uint32_t first = number;
        while (number - first < 1U + round % 7U) {
            const std::string payload = text(number, record::small_bytes);
            if (!burst.append_small(payload.data(), number * 13 % 65)) break;
            ++number;
        }
        burst.finish(number - first);
        lane.inbox.clear();
        ASSERT_EQ(lane.poll(), number - first);
        for (std::uint32_t i = first; i < number; ++i) {
            ASSERT_EQ(lane.inbox[i - first].payload,
                      text(i, record::small_bytes).substr(0, i * 13 % 65));
        }
    }
    EXPECT_GT(number, 9000U);
}

// Exact fill: the record ends where the ring does, and the next header is at offset 0 (L4).
TYPED_TEST(LaneTest, ARecordThatEndsWithTheRingNeedsNoPad) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    const std::uint64_t ring = lane.fabric.geometry().ring_bytes;
    for (int lap = 0; lap < 5; ++lap) {
        for (std::uint64_t i = 0; i < 8; ++i) {
            ASSERT_TRUE(lane.send(text(7, ring / 8 - record::header_bytes)));
            ASSERT_EQ(lane.poll(), 1U);
        }
        EXPECT_EQ(lane.consumer.position(), ring * static_cast<std::uint64_t>(lap + 1));
    }
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
}

TYPED_TEST(LaneTest, APadTravelsWithItsRecord) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    const std::uint64_t ring = lane.fabric.geometry().ring_bytes;
    ASSERT_TRUE(lane.send(text(1, 2000)));
    ASSERT_TRUE(lane.send(text(2, 1500)));
    ASSERT_EQ(lane.poll(), 2U);
    const std::uint64_t pad_at = record::bytes(2000) + record::bytes(1500);
    ASSERT_TRUE(lane.send(text(3, 1000)));
    EXPECT_EQ(record::kind(lane.word(pad_at)), static_cast<std::uint32_t>(record::Kind::pad));
    EXPECT_EQ(record::length(lane.word(pad_at)), ring - pad_at - record::header_bytes);
    ASSERT_EQ(lane.poll(), 1U);
    EXPECT_EQ(lane.inbox.back().payload, text(3, 1000));
    EXPECT_EQ(lane.consumer.position(), ring + record::bytes(1000));
}

// L5: when the record does not fit behind the PAD, the PAD goes alone, and the record later.
TYPED_TEST(LaneTest, APadIsCommittedAloneWhenTheRecordMustWait) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    const std::uint64_t ring = lane.fabric.geometry().ring_bytes;
    ASSERT_TRUE(lane.send(text(1, 2000)));
    ASSERT_EQ(lane.receive(1), 1U);
    lane.consumer.serve();
    ASSERT_TRUE(lane.send(text(2, 1000)));
    // 1072 bytes to the end; 2008 free at the start, of which 8 are the cleared header's.
    EXPECT_FALSE(lane.send(text(3, 2000)));
    const std::uint64_t pad_at = record::bytes(2000) + record::bytes(1000);
    EXPECT_EQ(record::kind(lane.word(pad_at)), static_cast<std::uint32_t>(record::Kind::pad));
    EXPECT_EQ(lane.word(ring), 0U);
    EXPECT_FALSE(lane.send(text(3, 2000)));
    ASSERT_EQ(lane.receive(), 1U);
    EXPECT_EQ(lane.consumer.position(), ring);
    lane.consumer.serve();
    EXPECT_TRUE(lane.send(text(3, 2000)));
    ASSERT_EQ(lane.receive(), 1U);
    EXPECT_EQ(lane.inbox.back().payload, text(3, 2000));
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
}

// Large records leave a PAD in every lap, and one call of take() can go round the ring many times.
TYPED_TEST(LaneTest, OneTakeMayGoRoundTheRingManyTimes) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    std::uint32_t sent = 0;
    const auto feed = [&] {
        while (sent < 20 && lane.send(text(sent, 1200)))
            ++sent;
    };
    feed();
    std::uint32_t seen = 0;
    const auto take = [&](const std::byte* payload, std::uint32_t length, std::uint32_t) {
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(payload), length), text(seen, 1200));
        ++seen;
        feed();
        return true;
    };
    for (int i = 0; i < 40 && lane.consumer.pollable() && seen < 20; ++i) {
        lane.consumer.take(64, take);
        feed();
    }
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
    EXPECT_EQ(seen, 20U);
}

TYPED_TEST(LaneTest, AFullLanePushesBackAndLosesNothing) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    std::uint32_t sent = 0;
    while (lane.send(text(sent, 56)))
        ++sent;
    EXPECT_EQ(sent, lane.fabric.geometry().ring_bytes / 64 - 1);
    EXPECT_FALSE(lane.send(text(sent, 56)));
    EXPECT_EQ(lane.poll(1000), sent);
    for (std::uint32_t i = 0; i < sent; ++i)
        EXPECT_EQ(lane.inbox[i].payload, text(i, 56));
    EXPECT_TRUE(lane.send("again"));
    EXPECT_EQ(lane.tx.lost_in_flight, 0U);
}

TYPED_TEST(LaneTest, ThePositionIsPublishedSeldom) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    const std::uint64_t ring = lane.fabric.geometry().ring_bytes;
    std::uint64_t changes = 0;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < ring / 64 * 10; ++i) {
        ASSERT_TRUE(lane.send(text(1, 56)));
        ASSERT_EQ(lane.poll(), 1U);
        const std::uint64_t position = lane.block().grant.position;
        if (position != last) ++changes;
        last = position;
        ASSERT_LT(lane.consumer.position() - position, ring / 8);  // L7
    }
    EXPECT_EQ(changes, 80U);
    ASSERT_TRUE(lane.send("x"));
    ASSERT_EQ(lane.poll(), 1U);
    EXPECT_NE(lane.block().grant.position, lane.consumer.position());
    lane.consumer.serve();
    EXPECT_EQ(lane.block().grant.position, lane.consumer.position());
    EXPECT_EQ(lane.block().grant.taken, ring / 64 * 10 + 1);
}

TYPED_TEST(LaneTest, ARecordThatIsRefusedComesAgain) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    ASSERT_TRUE(lane.send("one"));
    ASSERT_TRUE(lane.send("two"));
    int calls = 0;
    EXPECT_EQ(lane.consumer.take(
                  8, [&](const std::byte*, std::uint32_t, std::uint32_t) { return ++calls == 1; }),
              1U);
    EXPECT_EQ(lane.poll(), 1U);
    EXPECT_EQ(lane.inbox, (std::vector<Message>{{"two", 0}}));
}

TYPED_TEST(LaneTest, TakeKeepsToItsMaximum) {
    auto& lane = this->lane_;
    ASSERT_TRUE(lane.open());
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(lane.send("x"));
    EXPECT_EQ(lane.poll(0), 0U);
    EXPECT_EQ(lane.poll(3), 3U);
    EXPECT_EQ(lane.poll(32), 7U);
}

TEST(LaneLong, TheSequenceWraps) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    const std::uint64_t rounds = (std::uint64_t{1} << 24) / 256 + 3;
    std::uint64_t taken = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        PlainLane::ProducerBurst burst(lane.producer);
        for (int i = 0; i < 256; ++i)
            ASSERT_NE(burst.append(0), nullptr);
        burst.finish(256);
        taken += lane.consumer.take(
            256, [](const std::byte*, std::uint32_t, std::uint32_t) { return true; });
    }
    EXPECT_EQ(taken, rounds * 256);
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
    lane.inbox.clear();
    EXPECT_TRUE(lane.send("after the wrap"));
    EXPECT_EQ(lane.poll(), 1U);
    EXPECT_EQ(lane.inbox.front().payload, "after the wrap");
}

// A lane that opened a while ago and is filled by a first large burst is no stuck lane.
TEST(LanePatience, ALaneThatWasIdleIsNotStuckWhenItFillsUp) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    lane.now += 100;
    lane.producer.service(lane.peer(), lane.now);  // the sender's sweep, once a tick
    while (lane.send(text(1, 56))) {
    }
    EXPECT_EQ(lane.producer.state(), ProducerState::running);
    EXPECT_EQ(lane.tx.lanes_requested, 1U);
}

}  // namespace
}  // namespace famez::test
