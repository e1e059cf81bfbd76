// SPDX-License-Identifier: BSD-3-Clause
#include "outstanding.h"

#include <gtest/gtest.h>

#include <memory>

namespace famez::pingpong {
namespace {

using Kind = Outstanding::Kind;

class OutstandingTest : public ::testing::Test {
  protected:
    Kind place(std::uint64_t shown, std::uint64_t mask = UINT64_MAX) {
        return outstanding_->place(shown, mask).kind;
    }

    std::unique_ptr<Outstanding> outstanding_ = std::make_unique<Outstanding>();
};

TEST_F(OutstandingTest, AnswersInOrder) {
    outstanding_->restart(100);
    outstanding_->ask(2, 1000);
    outstanding_->ask(1, 2000);
    EXPECT_EQ(outstanding_->missing(), 3U);
    for (const std::uint64_t sequence : {100U, 101U, 102U}) {
        const auto answer = outstanding_->place(sequence, UINT64_MAX);
        EXPECT_EQ(answer.kind, Kind::in_order);
        EXPECT_EQ(answer.sequence, sequence);
        EXPECT_EQ(answer.asked_at, sequence == 102 ? 2000U : 1000U);
    }
    EXPECT_EQ(outstanding_->missing(), 0U);
}

TEST_F(OutstandingTest, TellsWhatWentWrong) {
    outstanding_->restart(0);
    outstanding_->ask(4, 1);
    EXPECT_EQ(place(0), Kind::in_order);
    EXPECT_EQ(place(2), Kind::in_order);
    EXPECT_EQ(place(1), Kind::reordered);
    EXPECT_EQ(place(1), Kind::duplicated);
    EXPECT_EQ(place(4), Kind::late);
    EXPECT_EQ(place(UINT64_MAX), Kind::late);
    EXPECT_EQ(outstanding_->missing(), 1U);
    outstanding_->restart(4);
    EXPECT_EQ(place(3), Kind::late);
    EXPECT_EQ(outstanding_->missing(), 0U);
}

TEST_F(OutstandingTest, ShortPayloadsShowTheirLowBits) {
    outstanding_->restart(250);
    outstanding_->ask(12, 1);
    for (std::uint64_t sequence = 250; sequence < 262; ++sequence) {
        const auto answer = outstanding_->place(sequence & 0xff, 0xff);
        EXPECT_EQ(answer.kind, Kind::in_order);
        EXPECT_EQ(answer.sequence, sequence);
    }
}

TEST_F(OutstandingTest, GivesUpTheOldOnes) {
    outstanding_->restart(0);
    outstanding_->ask(3, 10);
    outstanding_->ask(2, 20);
    EXPECT_EQ(place(1), Kind::in_order);
    EXPECT_EQ(outstanding_->give_up(10), 0U);
    EXPECT_EQ(outstanding_->give_up(15), 2U);
    EXPECT_EQ(outstanding_->missing(), 2U);
    EXPECT_EQ(place(2), Kind::late);
    EXPECT_EQ(place(3), Kind::in_order);
    EXPECT_EQ(outstanding_->give_up(UINT64_MAX), 1U);
    EXPECT_EQ(outstanding_->missing(), 0U);
}

TEST_F(OutstandingTest, HasRoomAgainWhenTheOldestAreAnswered) {
    outstanding_->restart(0);
    std::uint64_t next = 0;
    for (int round = 0; round < 10; ++round) {
        const std::uint32_t room = outstanding_->room();
        ASSERT_EQ(room, Outstanding::capacity);
        outstanding_->ask(room, 1);
        EXPECT_EQ(outstanding_->room(), 0U);
        // The first is the last to be answered, and holds up all others.
        const std::uint64_t first = next++;
        for (std::uint32_t i = 1; i < room; ++i)
            ASSERT_EQ(place(next++), Kind::in_order);
        EXPECT_EQ(outstanding_->room(), 0U);
        EXPECT_EQ(place(first), Kind::reordered);
    }
}

}  // namespace
}  // namespace famez::pingpong
