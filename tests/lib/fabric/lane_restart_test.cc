// SPDX-License-Identifier: BSD-3-Clause
//
// Ends that come, go and come again (L1, L2, G1), and what is counted as lost.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "lane_fixture.h"

namespace famez::test {
namespace {

class LaneRestart : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(lane_.open()); }
    void send(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            ASSERT_TRUE(lane_.send(text(i, 56)));
    }
    PlainLane lane_;
};

TEST_F(LaneRestart, AConsumerThatLivesCountsLossesExactly) {
    send(20);
    ASSERT_EQ(lane_.poll(5), 5U);
    lane_.word(15 * 64) = ~std::uint64_t{0};
    ASSERT_EQ(lane_.poll(100), 10U);
    ASSERT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 5U);
}

TEST_F(LaneRestart, AConsumerThatRestartsIsAskedAnew) {
    send(3);
    ASSERT_EQ(lane_.receive(), 3U);
    lane_.start_consumer();
    EXPECT_FALSE(lane_.producer.ready());
    EXPECT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.rx.lanes_granted, 2U);
}

// Losses are counted at most: what the old consumer took and had not published counts as lost.
TEST_F(LaneRestart, ADeadConsumersLossesAreCountedAtMost) {
    send(10);
    ASSERT_EQ(lane_.poll(4), 4U);
    lane_.consumer.serve();
    ASSERT_EQ(lane_.poll(2), 2U);
    lane_.start_consumer();
    ASSERT_TRUE(lane_.heals(3));
    EXPECT_GE(lane_.tx.lost_in_flight, 4U);
    EXPECT_LE(lane_.tx.lost_in_flight, 6U);
}

// The same, seen by a producer that looks between the wiping of the answers and the new epoch.
TEST_F(LaneRestart, AWipedAnswerSeenBeforeTheNewEpochDoesNotCountTakenMessages) {
    send(10);
    ASSERT_EQ(lane_.receive(), 10U);
    lane_.consumer.serve();
    auto& entry =
        port_entry(lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::destination);
    entry.status.state = static_cast<std::uint32_t>(layout::PortState::stopped);
    lane_.slab = Slab(lane_.fabric.geometry().rings_per_slab());
    lane_.consumer = {};
    lane_.start(PlainLane::destination, [this](Epoch epoch) {
        lane_.consumer.bind(lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::destination,
                            PlainLane::source, 0, epoch, lane_.slab, lane_.rx);
        lane_.service();
    });
    ASSERT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 0U);
}

// A session that was granted, never used and given up in between must not hide what the session
// before it took.
TEST_F(LaneRestart, AnUnusedSessionInBetweenDoesNotCountTakenMessages) {
    send(10);
    ASSERT_EQ(lane_.poll(100), 10U);
    lane_.consumer.revoke();
    lane_.receive();  // drained, NAK
    ASSERT_FALSE(lane_.producer.ready());
    lane_.service();  // left, asks again
    lane_.service();
    ASSERT_EQ(lane_.producer.state(), ProducerState::asking);
    lane_.receive();  // answered; the producer does not look in time
    lane_.consumer.revoke();
    lane_.receive();
    ASSERT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 0U);
}

// The consumer's count and the producer's speak of the same things when messages are chained.
TEST_F(LaneRestart, LossesOfChainsAreCountedInMessages) {
    for (int i = 0; i < 6; ++i) {
        PlainLane::ProducerBurst burst(lane_.producer);
        ASSERT_NE(burst.append(8, record::flag_more), nullptr);
        ASSERT_NE(burst.append(8), nullptr);
        burst.finish(1);
    }
    ASSERT_EQ(lane_.poll(4), 4U);  // two messages of two parts
    lane_.word(4 * 16) = ~std::uint64_t{0};
    lane_.poll();
    ASSERT_EQ(lane_.consumer.state(), ConsumerState::poisoned);
    ASSERT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 4U);
}

// What a dead producer had committed is delivered before its successor is answered (L2).
TEST_F(LaneRestart, AProducersLegacyIsDrainedFirst) {
    send(10);
    lane_.start_producer();
    for (int i = 0; i < 20 && !lane_.producer.ready(); ++i) {
        lane_.service();
        lane_.receive(3);
    }
    ASSERT_TRUE(lane_.producer.ready());
    ASSERT_TRUE(lane_.send("the successor"));
    lane_.receive();
    ASSERT_EQ(lane_.inbox.size(), 11U);
    for (std::uint32_t i = 0; i < 10; ++i)
        EXPECT_EQ(lane_.inbox[i].payload, text(i, 56));
    EXPECT_EQ(lane_.inbox.back().payload, "the successor");
}

// ... also when the holder of the id has ended and nobody follows.
TEST_F(LaneRestart, ADeadProducersRingComesBack) {
    send(10);
    lane_.fabric.server().end(PlainLane::source);
    for (int i = 0; i < 8; ++i)
        lane_.receive(4);
    EXPECT_EQ(lane_.inbox.size(), 10U);
    EXPECT_EQ(lane_.rx.rings_held, 0U);
    EXPECT_EQ(lane_.slab.held(), 0U);
    EXPECT_EQ(lane_.block().grant.ring_offset, 0U);
}

// A producer that died after opening a burst, with its first header unwritten: nothing of it shows.
TEST_F(LaneRestart, AnUncommittedBurstNeverShows) {
    {
        PlainLane::ProducerBurst burst(lane_.producer);
        ASSERT_NE(burst.append(64), nullptr);
        ASSERT_NE(burst.append(64), nullptr);
    }
    lane_.start_producer();
    ASSERT_TRUE(lane_.heals(5));
    EXPECT_EQ(lane_.rx.lane_poisoned, 0U);
}

TEST_F(LaneRestart, CloseDrainsAndGivesTheRingBack) {
    send(5);
    lane_.producer.close();
    EXPECT_FALSE(lane_.producer.ready());
    EXPECT_EQ(lane_.block().request.request, 0U);
    for (int i = 0; i < 4; ++i)
        lane_.receive();
    EXPECT_EQ(lane_.inbox.size(), 5U);
    EXPECT_EQ(lane_.slab.held(), 0U);
    EXPECT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 0U);
}

TEST_F(LaneRestart, ARevokedLaneKeepsItsRingUntilTheProducerLetsGo) {
    send(5);
    lane_.consumer.revoke();
    for (int i = 0; i < 4; ++i)
        lane_.receive();
    EXPECT_EQ(lane_.inbox.size(), 5U);
    EXPECT_EQ(lane_.consumer.state(), ConsumerState::closed);
    EXPECT_EQ(lane_.slab.held(), 1U);  // G1
    lane_.producer.service(lane_.peer(), lane_.now);
    EXPECT_EQ(lane_.producer.state(), ProducerState::idle);
    lane_.receive();
    EXPECT_EQ(lane_.slab.held(), 0U);
    EXPECT_TRUE(lane_.heals(3));
    EXPECT_EQ(lane_.tx.lost_in_flight, 0U);
}

// A drain is bounded: a producer that never stops does not hold the lane.
TEST_F(LaneRestart, ADrainEndsAfterOneRingOfBytes) {
    send(10);
    lane_.consumer.revoke();
    int polls = 0;
    while (lane_.consumer.pollable() && polls < 1000) {
        lane_.poll(4);
        lane_.send(text(1, 56));
        lane_.send(text(1, 56));
        lane_.send(text(1, 56));
        lane_.send(text(1, 56));
        ++polls;
    }
    EXPECT_LE(polls, 20);
    EXPECT_TRUE(lane_.heals(5));
}

TEST_F(LaneRestart, ARequestForAnotherEpochIsNotAnswered) {
    lane_.producer.close();
    lane_.receive();
    lane_.receive();
    PortView stale = lane_.peer();
    --stale.epoch;
    lane_.producer.ask(stale, lane_.now);
    for (int i = 0; i < 5; ++i)
        lane_.receive();
    EXPECT_EQ(lane_.rx.lanes_granted, 1U);
    EXPECT_TRUE(lane_.heals(3));
}

TEST_F(LaneRestart, NoncesGoOnOverRestartsOfTheProducer) {
    std::uint64_t last = lane_.block().request.request;
    for (int i = 0; i < 5; ++i) {
        lane_.start_producer();
        ASSERT_TRUE(lane_.open());
        EXPECT_GT(lane_.block().request.request, last);
        last = lane_.block().request.request;
    }
}

TEST_F(LaneRestart, TheNonceSkipsZeroAndTheNakBit) {
    for (int i = 0; i < 3; ++i) {
        lane_.start_producer();
        ASSERT_TRUE(lane_.open());
    }
    lane_.producer.close();
    lane_.block().request.last_nonce = layout::request_nak - 1;
    lane_.start_producer();
    ASSERT_TRUE(lane_.open());
    EXPECT_EQ(lane_.block().request.request, 1U);
    EXPECT_TRUE(lane_.heals(3));
}

TEST_F(LaneRestart, APeerThatIsGoneEndsTheSession) {
    send(3);
    lane_.fabric.server().end(PlainLane::destination);
    EXPECT_FALSE(lane_.service());
    EXPECT_EQ(lane_.producer.state(), ProducerState::idle);
    EXPECT_EQ(lane_.tx.lost_in_flight, 3U);
}

// ---- G1, over restarts of the consumer: two sources, a slab of one ring ----

class RingOwnership : public testing::Test {
  protected:
    static GeometryRequest one_ring() {
        GeometryRequest request = FakeFabric::small_request();
        request.slab_bytes = 4096 + layout::ring_spacing_bytes;
        return request;
    }
    RingOwnership() : lane_(one_ring()) {}
    void SetUp() override {
        ASSERT_EQ(lane_.slab.rings(), 1U);
        ASSERT_TRUE(lane_.open());
        start_rival();
    }
    void start_rival() {
        rival_epoch_ = lane_.start(3, [this](Epoch epoch) {
            rival_.bind(lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::destination, 3,
                        0, epoch, rival_tx_);
        });
        bind_rival_consumer();
    }
    void bind_rival_consumer() {
        rival_consumer_ = {};
        rival_consumer_.bind(lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::destination,
                             3, 0, lane_.peer().epoch, lane_.slab, lane_.rx);
    }
    void step_rival() {
        rival_.service(lane_.peer(), lane_.now);
        if (rival_.state() == ProducerState::idle) rival_.ask(lane_.peer(), lane_.now);
        rival_consumer_.serve();
        rival_consumer_.serve();
    }

    PlainLane lane_;
    Producer<WriteBack> rival_;
    Consumer<WriteBack> rival_consumer_;
    TxCounters rival_tx_;
    Epoch rival_epoch_ = 0;
};

TEST_F(RingOwnership, AFullSlabRefuses) {
    for (int i = 0; i < 5; ++i)
        step_rival();
    EXPECT_FALSE(rival_.ready());
    EXPECT_GT(lane_.rx.lanes_refused, 0U);
    lane_.producer.close();
    lane_.receive();
    lane_.receive();
    for (int i = 0; i < 5; ++i)
        step_rival();
    EXPECT_TRUE(rival_.ready());
}

TEST_F(RingOwnership, ARingStaysWithALivingProducerOverTheConsumersRestart) {
    lane_.start_consumer();
    bind_rival_consumer();
    // The old holder is in the middle of a burst and looks at nothing.
    for (int i = 0; i < 5; ++i) {
        lane_.consumer.serve();
        step_rival();
    }
    EXPECT_FALSE(rival_.ready());
    EXPECT_TRUE(lane_.heals(5));
    for (int i = 0; i < 5; ++i)
        step_rival();
    EXPECT_FALSE(rival_.ready());
    // It ends, whoever looks.
    lane_.start_consumer();
    bind_rival_consumer();
    lane_.fabric.server().end(PlainLane::source);
    for (int i = 0; i < 5; ++i) {
        lane_.consumer.serve();
        step_rival();
    }
    EXPECT_TRUE(rival_.ready());
}

}  // namespace
}  // namespace famez::test
