// SPDX-License-Identifier: BSD-3-Clause
#include "../../drivers/famez_pmd/stall_watch.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace famez::pmd {
namespace {

constexpr std::uint32_t limit = 3;  // ticks: 100 ms in whole ticks, and the one under way

TEST(StallWatch, ALaneThatStandsStillForTooLongIsStalled) {
    StallWatch watch(4, 100);
    for (std::uint32_t now = 7; now < 7 + limit; ++now)
        EXPECT_FALSE(watch.stalled(2, 55, now)) << now;
    EXPECT_TRUE(watch.stalled(2, 55, 7 + limit));
    EXPECT_TRUE(watch.stalled(2, 55, 7 + limit + 100 / Port::tick_ms));
}

TEST(StallWatch, AnyProgressBeginsTheTimeAnew) {
    StallWatch watch(4, 100);
    for (std::uint32_t now = 0; now < 50; ++now)
        EXPECT_FALSE(watch.stalled(2, now / 2, now)) << now;
    EXPECT_FALSE(watch.stalled(2, 24, 50));
    EXPECT_TRUE(watch.stalled(2, 24, 51));
    EXPECT_FALSE(watch.stalled(2, 25, 52));
}

TEST(StallWatch, EachLaneHasItsOwnTime) {
    StallWatch watch(4, 100);
    EXPECT_FALSE(watch.stalled(1, 5, 10));
    EXPECT_FALSE(watch.stalled(4, 5, 12));
    EXPECT_TRUE(watch.stalled(1, 5, 13));
    EXPECT_FALSE(watch.stalled(4, 5, 13));
    EXPECT_TRUE(watch.stalled(4, 5, 15));
}

TEST(StallWatch, NobodyWaitsLongerThanTheClockGoesAround) {
    StallWatch watch(4, 100);
    EXPECT_FALSE(watch.stalled(1, 5, ~0U - 1));
    EXPECT_FALSE(watch.stalled(1, 5, ~0U));
    EXPECT_TRUE(watch.stalled(1, 5, 1));
}

TEST(StallWatch, ANewcomerAndOneNotTriedForLongHaveACleanRecord) {
    StallWatch watch(4, 100);
    EXPECT_FALSE(watch.stalled(1, 5, 10));
    EXPECT_TRUE(watch.stalled(1, 5, 20));
    watch.forget(1);
    EXPECT_FALSE(watch.stalled(1, 5, 21));
    EXPECT_TRUE(watch.stalled(1, 5, 31));
    EXPECT_FALSE(watch.stalled(1, 5, 1000));
}

TEST(StallWatch, WithoutALimitNothingIsStalled) {
    StallWatch watch(4, 0);
    EXPECT_FALSE(watch.stalled(1, 5, 0));
    EXPECT_FALSE(watch.stalled(1, 5, 20));
    EXPECT_FALSE(watch.stalled(1, 5, 0x7fff'ffff));
}

}  // namespace
}  // namespace famez::pmd
