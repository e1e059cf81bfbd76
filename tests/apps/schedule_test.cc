// SPDX-License-Identifier: BSD-3-Clause
#include "schedule.h"

#include <gtest/gtest.h>

namespace famez::pingpong {
namespace {

TEST(ScheduleTest, EachMessageHasItsFixedTime) {
    Schedule schedule(100.0);
    schedule.start(5000, 0);
    EXPECT_EQ(schedule.due(0), 5000U);
    EXPECT_EQ(schedule.due(1), 5100U);
    EXPECT_EQ(schedule.due(1000), 105000U);
}

TEST(ScheduleTest, CountsWhatIsDue) {
    Schedule schedule(100.0);
    schedule.start(5000, 0);
    EXPECT_EQ(schedule.count_due(4999, 0, 32), 0U);
    EXPECT_EQ(schedule.count_due(5000, 0, 32), 1U);
    EXPECT_EQ(schedule.count_due(5000, 1, 32), 0U);
    EXPECT_EQ(schedule.count_due(5399, 1, 32), 3U);
    EXPECT_EQ(schedule.count_due(5400, 1, 32), 4U);
    // Whatever was held up is due at once, a burst at a time.
    EXPECT_EQ(schedule.count_due(105000, 1, 32), 32U);
    EXPECT_EQ(schedule.count_due(105000, 1000, 32), 1U);
    EXPECT_EQ(schedule.count_due(105000, 1, 0), 0U);
}

TEST(ScheduleTest, NoErrorAddsUp) {
    Schedule schedule(1.0 / 3);
    schedule.start(7, 0);
    EXPECT_EQ(schedule.due(3'000'000'000'000), 7U + 1'000'000'000'000U);
}

TEST(ScheduleTest, TheNextIsDueWhenItSaysSo) {
    Schedule schedule(26.0 / 7);
    schedule.start(123456789, 10);
    for (std::uint64_t sequence = 10; sequence < 100000; ++sequence) {
        const std::uint64_t due = schedule.due(sequence);
        ASSERT_EQ(schedule.count_due(due - 1, sequence, 8), 0U) << sequence;
        ASSERT_GE(schedule.count_due(due, sequence, 8), 1U) << sequence;
    }
}

TEST(ScheduleTest, BeginsAgainAtAnyMessage) {
    Schedule schedule(10.0);
    schedule.start(100, 0);
    schedule.start(9000, 50);
    EXPECT_EQ(schedule.due(50), 9000U);
    EXPECT_EQ(schedule.due(52), 9020U);
    EXPECT_EQ(schedule.count_due(9019, 50, 32), 2U);
}

}  // namespace
}  // namespace famez::pingpong
