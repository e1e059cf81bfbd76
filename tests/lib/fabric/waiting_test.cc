// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at a lane that take nothing: how much waits, where the next record will be seen, and is
// there room.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

class WaitingTest : public testing::Test {
  protected:
    WaitingTest() { EXPECT_TRUE(send_soon(tx_, 2, "first", 50, rx_)); }
    std::uint32_t waiting(std::uint32_t max = 10'000) {
        return rx_.endpoint.receiver().waiting(max);
    }

    FakeFabric fabric_;
    TestPort tx_{fabric_, 1};
    TestPort rx_{fabric_, 2};
};

TEST_F(WaitingTest, CountsWhatIsThereThroughManyRounds) {
    std::mt19937 random(3);
    rx_.poll();
    std::uint32_t there = 0;
    for (int i = 0; i < 5'000; ++i) {
        if (random() % 5 < 3) {
            there += tx_.send(2, std::string(1 + random() % 700, 'x')) ? 1 : 0;
        } else {
            there -= rx_.poll(random() % 4);
        }
        ASSERT_EQ(waiting(), there) << i;
        ASSERT_EQ(waiting(2), std::min(there, 2U)) << i;
    }
}

// A receiver that has polled for nothing for long looks at the lane less often: it still counts.
TEST_F(WaitingTest, CountsWhatCameOnAQuietLane) {
    for (int i = 0; i < 20'000; ++i)
        rx_.poll();
    ASSERT_TRUE(tx_.send(2, "at last"));
    EXPECT_EQ(waiting(), 1U);
    EXPECT_EQ(waiting(1), 1U);
}

TEST_F(WaitingTest, AFullLaneHasNoRoomUntilSomethingIsTaken) {
    auto& lane = tx_.endpoint.sender().to(2);
    EXPECT_TRUE(lane.has_room());
    while (tx_.send(2, std::string(64, 'x'))) {
    }
    EXPECT_FALSE(lane.has_room());
    while (rx_.poll() != 0) {
    }
    EXPECT_TRUE(lane.has_room());
    EXPECT_FALSE(tx_.endpoint.sender().to(3).has_room());
}

TEST_F(WaitingTest, TheNextWordIsZeroUntilARecordComes) {
    rx_.poll();
    const std::uint64_t* word = rx_.endpoint.receiver().next_word(1);
    ASSERT_NE(word, nullptr);
    EXPECT_EQ(*word, 0U);
    tx_.send(2, "x");
    EXPECT_NE(*word, 0U);
    EXPECT_EQ(rx_.endpoint.receiver().next_word(3), nullptr);
}

TEST_F(WaitingTest, ProgressChangesWhenTheConsumerTakes) {
    auto& lane = tx_.endpoint.sender().to(2);
    const auto fill = [&] {
        while (tx_.send(2, std::string(64, 'x'))) {
        }
        return lane.progress();
    };
    const std::uint64_t full = fill();
    EXPECT_EQ(fill(), full);
    while (rx_.poll() != 0) {
    }
    EXPECT_NE(fill(), full);
}

// A liar's headers end the count; nothing outside the ring is read.
TEST_F(WaitingTest, WhateverStandsInTheRing) {
    std::mt19937_64 random(5);
    rx_.poll();
    auto* const ring = const_cast<std::uint64_t*>(rx_.endpoint.receiver().next_word(1));
    for (int i = 0; i < 2'000; ++i) {
        *ring = random() % 4 == 0 ? random()
                                  : record::header_base(record::Kind::data, 1) | random() % 9'000;
        EXPECT_LE(waiting(), fabric_.geometry().ring_bytes / record::header_bytes);
    }
}

}  // namespace
}  // namespace famez::test
