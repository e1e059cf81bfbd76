// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include <famez/slab.h>

namespace famez::test {
namespace {

using Ring = std::optional<std::uint32_t>;

TEST(Slab, ALaneGetsItsHomeRing) {
    Slab slab(8);
    EXPECT_EQ(slab.grant(5), Ring(5));
    EXPECT_EQ(slab.grant(0), Ring(0));
    EXPECT_EQ(slab.held(), 2U);
}

TEST(Slab, ALaneKeepsItsRing) {
    Slab slab(4);
    ASSERT_EQ(slab.grant(1), Ring(1));
    ASSERT_EQ(slab.grant(5), Ring(0));  // its home is taken
    slab.release(1);
    EXPECT_EQ(slab.grant(5), Ring(0));
    EXPECT_EQ(slab.held(), 1U);
}

TEST(Slab, IsFullWhenEachRingIsHeld) {
    Slab slab(3);
    for (const Slab::LaneKey lane : {10U, 20U, 30U})
        EXPECT_TRUE(slab.grant(lane)) << lane;
    EXPECT_FALSE(slab.grant(40));
    EXPECT_EQ(slab.held(), 3U);
    EXPECT_TRUE(slab.grant(10));  // who has one keeps it
    slab.release(20);
    EXPECT_EQ(slab.grant(40), Ring(20 % 3));
    EXPECT_EQ(slab.held(), 3U);
}

TEST(Slab, ReleaseOfNothingChangesNothing) {
    Slab slab(2);
    ASSERT_TRUE(slab.grant(0));
    slab.release(1);
    slab.release(0);
    slab.release(0);
    EXPECT_EQ(slab.held(), 0U);
}

TEST(Slab, AdoptsWhatAnEarlierIncarnationGranted) {
    Slab slab(4);
    EXPECT_TRUE(slab.adopt(7, 0));
    EXPECT_EQ(slab.grant(7), Ring(0));  // not its home, 3
    EXPECT_EQ(slab.grant(4), Ring(1));  // its home, 0, is taken
    EXPECT_EQ(slab.held(), 2U);
}

TEST(Slab, AdoptsNothingImpossible) {
    Slab slab(4);
    EXPECT_FALSE(slab.adopt(1, 4));
    EXPECT_FALSE(slab.adopt(1, ~0U));
    ASSERT_TRUE(slab.adopt(1, 2));
    EXPECT_FALSE(slab.adopt(1, 3));  // a lane has one ring
    EXPECT_FALSE(slab.adopt(3, 2));  // and a ring one lane
    EXPECT_EQ(slab.held(), 1U);
}

TEST(Slab, MayBeAPartOfTheRings) {
    Slab slab(4, 8);
    EXPECT_EQ(slab.grant(5), Ring(9));
    EXPECT_FALSE(slab.adopt(1, 7));
    EXPECT_FALSE(slab.adopt(1, 12));
    EXPECT_FALSE(slab.adopt(1, ~std::uint64_t{0}));
    EXPECT_TRUE(slab.adopt(1, 11));
    slab.release(1);
    EXPECT_EQ(slab.grant(3), Ring(11));
    EXPECT_EQ(slab.held(), 2U);
}

TEST(Slab, WithoutRingsGrantsNothing) {
    Slab slab;
    EXPECT_FALSE(slab.grant(0));
    EXPECT_FALSE(slab.adopt(0, 0));
    slab.release(0);
    EXPECT_EQ(slab.held(), 0U);
}

}  // namespace
}  // namespace famez::test
