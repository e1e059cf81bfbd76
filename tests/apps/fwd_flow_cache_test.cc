// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "flow_cache.h"

namespace famez::fwd {
namespace {

using Frame = std::array<std::uint8_t, 64>;

// From 02:00:00:<fabric>:<from> to 02:00:00:<fabric>:<to>.
Frame frame(std::uint16_t to, std::uint16_t from, std::uint8_t fabric = 0) {
    return {2, 0, 0, fabric, static_cast<std::uint8_t>(to >> 8),   static_cast<std::uint8_t>(to),
            2, 0, 0, fabric, static_cast<std::uint8_t>(from >> 8), static_cast<std::uint8_t>(from)};
}

class FlowCacheTest : public testing::Test {
  protected:
    std::uint8_t find(const Frame& frame, std::uint64_t edition = 1, std::uint16_t port = 0) {
        const FlowCache::Reader reader = cache_.read(edition, port);
        return reader.find(reader.key_of(frame.data()));
    }
    void put(const Frame& frame, std::uint8_t to, std::uint64_t edition = 1,
             std::uint16_t port = 0) {
        const FlowCache::Reader reader = cache_.read(edition, port);
        cache_.put(reader, reader.key_of(frame.data()), to);
    }

    FlowCache cache_;
};

TEST_F(FlowCacheTest, IsEmptyAtFirst) {
    EXPECT_EQ(find(Frame{}, 0), FlowCache::nothing);
    EXPECT_EQ(find(frame(1, 2)), FlowCache::nothing);
}

TEST_F(FlowCacheTest, FindsWhatWasPut) {
    put(frame(1, 2), 31);
    EXPECT_EQ(find(frame(1, 2)), 31);
    EXPECT_EQ(find(frame(2, 1)), FlowCache::nothing);
    EXPECT_EQ(find(frame(1, 3)), FlowCache::nothing);
    EXPECT_EQ(find(frame(1, 2, 9)), FlowCache::nothing);
    put(frame(1, 2), 0);
    EXPECT_EQ(find(frame(1, 2)), 0);
}

TEST_F(FlowCacheTest, OfAnotherPortOrEditionItIsNothing) {
    put(frame(1, 2), 5);
    EXPECT_EQ(find(frame(1, 2), 1, 1), FlowCache::nothing);
    EXPECT_EQ(find(frame(1, 2), 2), FlowCache::nothing);
}

// The key has 19 bits of an edition.
TEST_F(FlowCacheTest, AnEditionOfTheSameNumberIsAnotherOne) {
    put(frame(1, 2), 5, 7);
    EXPECT_EQ(find(frame(1, 2), 7 + (1U << 19)), FlowCache::nothing);
    EXPECT_EQ(find(frame(1, 2), 7), FlowCache::nothing);
}

// Flows that count up keep out of each other's way, whatever the pattern.
TEST_F(FlowCacheTest, AThousandFlowsInEachDirection) {
    const auto each = [](auto&& visit) {
        for (std::uint16_t i = 0; i < 1000; ++i) {
            visit(frame(i, i), std::uint16_t{0});
            visit(frame(i, i, 1), std::uint16_t{1});
            visit(frame(4000, i, 2), std::uint16_t{2});
        }
    };
    each([&](const Frame& f, std::uint16_t port) { put(f, 3, 1, port); });
    int found = 0;
    each([&](const Frame& f, std::uint16_t port) { found += find(f, 1, port) == 3 ? 1 : 0; });
    EXPECT_GE(found, 2900);
}

// Two that meet in one place have room; a third makes one of them go.
TEST_F(FlowCacheTest, TwoOfTheSamePlace) {
    put(frame(100, 7), 1);
    put(frame(102, 8), 2);
    EXPECT_EQ(find(frame(100, 7)), 1);
    EXPECT_EQ(find(frame(102, 8)), 2);
    put(frame(104, 9), 3);
    EXPECT_EQ(find(frame(104, 9)), 3);
    EXPECT_EQ(find(frame(102, 8)), 2);
    EXPECT_EQ(find(frame(100, 7)), FlowCache::nothing);
}

}  // namespace
}  // namespace famez::fwd
