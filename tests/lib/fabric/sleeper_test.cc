// SPDX-License-Identifier: BSD-3-Clause
//
// Rules S1 to S6, one at a time (tests/model/wake.pml has them all at once).
#include <gtest/gtest.h>

#include <string>

#include <famez/sleeper.h>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

class SleeperTest : public testing::Test {
  protected:
    SleeperTest() { receiver_.endpoint.port().set_capabilities(layout::cap_may_sleep); }

    void open_lane() {
        ASSERT_TRUE(send_soon(sender_, 1, "hello", 100, receiver_));
        turn();
        receiver_.inbox.clear();
        turn();
    }
    void turn() {
        for (int i = 0; i < 4; ++i) {
            receiver_.turn();
            sender_.turn();
        }
    }
    void fall_asleep() { receiver_.endpoint.sleeper().fall_asleep(receiver_.endpoint.receiver()); }
    // Takes the count.
    std::uint64_t rings() { return drain_eventfd(fabric_.eventfd(1)); }
    [[nodiscard]] std::uint64_t& word() {
        return at<layout::SleepLine>(fabric_.region(), fabric_.geometry().sleep_offset(1, 0))
            .sleeping;
    }

    FakeFabric fabric_;
    TestPort receiver_{fabric_, 1};
    TestPort sender_{fabric_, 2};
};

TEST_F(SleeperTest, AMessageRingsOnceASleep) {
    open_lane();
    fall_asleep();
    EXPECT_NE(word(), 0U);
    EXPECT_TRUE(sender_.send(1, "a"));
    EXPECT_EQ(word(), 0U);
    EXPECT_TRUE(sender_.send(1, "b"));
    EXPECT_EQ(rings(), 1U);
    EXPECT_EQ(sender_.tx.doorbells, 1U);
    receiver_.endpoint.sleeper().wake_up();
    receiver_.turn();
    EXPECT_EQ(receiver_.inbox.size(), 2U);
}

TEST_F(SleeperTest, WhoPollsIsNeverRung) {
    open_lane();
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(sender_.send(1, "a"));
        receiver_.turn();
    }
    EXPECT_EQ(rings(), 0U);
    EXPECT_EQ(sender_.tx.doorbells, 0U);
}

TEST_F(SleeperTest, AWordOfAPortThatNeverSleepsIsNotLookedAt) {
    receiver_.endpoint.port().set_capabilities(0);
    open_lane();
    word() = 7;  // a scribble
    EXPECT_TRUE(sender_.send(1, "a"));
    EXPECT_EQ(rings(), 0U);
    EXPECT_EQ(word(), 7U);
}

TEST_F(SleeperTest, DataThatAreThereAlreadyWakeAtOnce) {
    open_lane();
    EXPECT_TRUE(sender_.send(1, "a"));
    fall_asleep();
    EXPECT_EQ(rings(), 1U);
    EXPECT_EQ(receiver_.rx.doorbells, 0U);  // its own ring is none
}

TEST_F(SleeperTest, ARequestWakes) {
    turn();
    fall_asleep();
    EXPECT_EQ(rings(), 0U);
    EXPECT_FALSE(sender_.send(1, "a"));  // asks for the lane
    EXPECT_GE(rings(), 1U);
}

TEST_F(SleeperTest, ARequestThatIsThereAlreadyWakesAtOnce) {
    turn();
    receiver_.endpoint.receiver().settle();
    sender_.endpoint.port().set_capabilities(0);
    EXPECT_FALSE(sender_.send(1, "a"));
    drain_eventfd(fabric_.eventfd(1));
    // fall_asleep() answers what it finds; a request that comes behind that is the case.
    EXPECT_TRUE(receiver_.endpoint.receiver().anything());
    fall_asleep();
    EXPECT_FALSE(receiver_.endpoint.receiver().anything());
}

// The answer to a request for a lane that is still open comes after a drain, which takes a poll.
TEST_F(SleeperTest, ALaneThatDrainsIsNotSleptOn) {
    open_lane();
    sender_.endpoint.sender().to(1).close();
    EXPECT_FALSE(sender_.send(1, "a"));
    for (int sleeps = 0; sleeps < 4; ++sleeps) {
        drain_eventfd(fabric_.eventfd(1));
        fall_asleep();
        if (rings() == 0) break;
        receiver_.endpoint.sleeper().wake_up();
        receiver_.poll();
    }
    EXPECT_TRUE(sender_.send(1, "a"));
}

TEST_F(SleeperTest, AnAnswerWakes) {
    sender_.endpoint.port().set_capabilities(layout::cap_may_sleep);
    turn();
    EXPECT_FALSE(sender_.send(1, "a"));
    drain_eventfd(fabric_.eventfd(2));
    sender_.endpoint.sleeper().fall_asleep(sender_.endpoint.receiver());
    receiver_.endpoint.receiver().settle();
    EXPECT_GE(drain_eventfd(fabric_.eventfd(2)), 1U);
}

TEST_F(SleeperTest, AChangeOfTheTableWakes) {
    turn();
    fall_asleep();
    EXPECT_EQ(rings(), 0U);
    const TestPort newcomer(fabric_, 3);
    EXPECT_GE(rings(), 1U);
}

TEST_F(SleeperTest, TheSlowTimerFindsWhatAHostilePortHid) {
    open_lane();
    fall_asleep();
    word() = 0;  // now nobody rings
    EXPECT_TRUE(sender_.send(1, "a"));
    EXPECT_EQ(rings(), 0U);
    receiver_.endpoint.tick();
    receiver_.endpoint.tick();
    EXPECT_GE(rings(), 1U);
}

TEST_F(SleeperTest, TheSlowTimerLeavesThoseAloneWhoSleepAnew) {
    open_lane();
    for (int i = 0; i < 10; ++i) {
        fall_asleep();
        receiver_.endpoint.tick();
        receiver_.endpoint.sleeper().wake_up();
    }
    EXPECT_EQ(rings(), 0U);
}

TEST_F(SleeperTest, NoTwoSleepsAreTheSame) {
    open_lane();
    fall_asleep();
    const std::uint64_t first = word();
    receiver_.endpoint.sleeper().wake_up();
    EXPECT_EQ(word(), 0U);
    fall_asleep();
    EXPECT_NE(word(), first);
    EXPECT_EQ(receiver_.rx.sleeps, 2U);
}

TEST_F(SleeperTest, AStaleCountIsGoneBeforeTheNextSleep) {
    open_lane();
    fall_asleep();
    EXPECT_TRUE(sender_.send(1, "a"));
    receiver_.endpoint.sleeper().wake_up();
    receiver_.turn();
    fall_asleep();
    EXPECT_EQ(rings(), 0U);
    EXPECT_EQ(receiver_.rx.doorbells, 1U);
}

TEST_F(SleeperTest, AClosedLaneWakes) {
    open_lane();
    fall_asleep();
    drain_eventfd(fabric_.eventfd(1));
    sender_.endpoint.sender().to(1).close();
    sender_.endpoint.sender().notify(1);
    EXPECT_GE(rings(), 1U);
}

}  // namespace
}  // namespace famez::test
