// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

constexpr int patience = 21;  // ticks without progress after which a lane is left

layout::LaneBlock& block_of(FakeFabric& fabric, std::uint32_t to, std::uint32_t from) {
    return at<layout::LaneBlock>(fabric.region(), fabric.geometry().lane_offset(to, from, 0));
}

// Port 1 talks to port 2; all is taken, and 1 has swept in this tick.
class SenderTest : public ::testing::Test {
  public:
    void SetUp() override {
        ASSERT_TRUE(send_soon(*from, 2, "hello", 10, *to));
        to->turn();
        tick();
        ASSERT_EQ(state(), ProducerState::running);
    }
    void tick() {
        from->endpoint.tick();
        from->endpoint.sender().housekeep();
    }
    [[nodiscard]] ProducerState state() const { return from->endpoint.sender().to(2).state(); }

    FakeFabric fabric;
    std::unique_ptr<TestPort> from = std::make_unique<TestPort>(fabric, 1);
    std::unique_ptr<TestPort> to = std::make_unique<TestPort>(fabric, 2);
};

TEST_F(SenderTest, HousekeepsOnceATick) {
    block_of(fabric, 2, 1).grant.ack = 0;
    from->endpoint.sender().housekeep();
    EXPECT_EQ(state(), ProducerState::running);
    from->endpoint.tick();
    from->endpoint.sender().housekeep();
    EXPECT_EQ(state(), ProducerState::idle);
    EXPECT_EQ(from->tx.lanes_lost, 1U);
}

TEST_F(SenderTest, CountsWhatAPeerThatEndsHadNotTaken) {
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(from->send(2, "late"));
    }
    to = nullptr;
    tick();
    EXPECT_EQ(state(), ProducerState::idle);
    EXPECT_EQ(from->tx.lost_in_flight, 3U);
    EXPECT_EQ(block_of(fabric, 2, 1).request.request, 0U);
}

TEST_F(SenderTest, LeavesAPeerThatWithdraws) {
    to->endpoint.port().withdraw();
    tick();
    EXPECT_EQ(state(), ProducerState::idle);
    EXPECT_FALSE(from->send(2, "hello"));
    EXPECT_EQ(from->tx.lanes_requested, 1U);
}

// A stopped port keeps its lanes: it will poll again. But nobody asks it for a new one.
TEST_F(SenderTest, KeepsTheLaneToAPeerThatStops) {
    to->endpoint.port().set_state(layout::PortState::stopped);
    tick();
    EXPECT_EQ(state(), ProducerState::running);
    EXPECT_FALSE(from->endpoint.sender().up(2));
    block_of(fabric, 2, 1).grant.ack = 0;
    tick();
    EXPECT_FALSE(from->endpoint.sender().service(2));
    EXPECT_EQ(from->tx.lanes_requested, 1U);
}

TEST_F(SenderTest, LeavesALaneThatStandsStill) {
    ASSERT_TRUE(from->send(2, "nobody looks"));
    int ticks = 0;
    while (state() == ProducerState::running && ticks < 100) {
        tick();
        ++ticks;
    }
    EXPECT_EQ(ticks, patience);
    to->turn();
    EXPECT_TRUE(send_soon(*from, 2, "again", 10, *to));
    to->turn();
    EXPECT_EQ(to->inbox.back(), "again");
    EXPECT_EQ(to->inbox.size(), 3U);
    EXPECT_EQ(from->tx.lost_in_flight, 0U);
}

TEST_F(SenderTest, KeepsALaneThatHasNothingToSend) {
    for (int i = 0; i < 10 * patience; ++i) {
        tick();
    }
    EXPECT_EQ(state(), ProducerState::running);
    EXPECT_TRUE(from->send(2, "still here"));
}

TEST_F(SenderTest, AsksAgainWhenNoAnswerComes) {
    block_of(fabric, 2, 1).grant.ack = 0;
    tick();
    EXPECT_FALSE(from->endpoint.sender().service(2));
    EXPECT_EQ(state(), ProducerState::asking);
    for (int i = 0; i < patience; ++i) {
        tick();
    }
    EXPECT_EQ(state(), ProducerState::idle);
    from->endpoint.sender().service(2);
    EXPECT_EQ(from->tx.lanes_requested, 3U);
}

TEST_F(SenderTest, ClosesItsLanesAtItsEnd) {
    EXPECT_NE(block_of(fabric, 2, 1).request.request, 0U);
    from = nullptr;
    EXPECT_EQ(block_of(fabric, 2, 1).request.request, 0U);
    to->turn();
    EXPECT_EQ(to->rx.rings_held, 0U);
}

// A request rings no bell: it waits for the receiver's slow round, and no longer.
class SenderRound : public ::testing::Test {
  public:
    static GeometryRequest many_ports() {
        GeometryRequest request;
        request.region_bytes = std::uint64_t{64} << 20;
        request.ports = 200;
        request.ring_bytes = 4096;
        request.slab_bytes = std::uint64_t{64} << 10;
        return request;
    }
    void poll(int times) {
        for (int i = 0; i < times; ++i) {
            to.poll();
        }
    }
    static constexpr int round = 32 * (200 / 4 + 1);

    FakeFabric fabric{many_ports()};
    TestPort to{fabric, 1};
};

TEST_F(SenderRound, ARequestIsSeenWithinOneRound) {
    TestPort from(fabric, 199);
    poll(round);
    EXPECT_FALSE(from.send(1, "hello"));
    poll(round);
    EXPECT_EQ(to.rx.lanes_granted, 1U);
}

// Not so yet: the first look at a new incarnation only takes note of it, so that the request that
// stands beside it waits for a whole slow round, although the bell has made everybody urgent.
TEST_F(SenderRound, TheRequestOfANewPortIsSeenWithItsBell) {
    poll(2 * round);
    TestPort from(fabric, 199);
    EXPECT_FALSE(from.send(1, "hello"));
    poll(64);
    EXPECT_EQ(to.rx.lanes_granted, 1U);
}

}  // namespace
}  // namespace famez::test
