// SPDX-License-Identifier: BSD-3-Clause
#include "sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace famez::pingpong {
namespace {

std::vector<SizeRange> all_of(std::initializer_list<std::uint32_t> sizes) {
    std::vector<SizeRange> ranges;
    for (const std::uint32_t size : sizes)
        ranges.push_back({size, size});
    return ranges;
}

TEST(SizesTest, ReadsWhatTheHelpShows) {
    EXPECT_EQ(parse_sizes("64"), all_of({64}));
    EXPECT_EQ(parse_sizes("9K"), all_of({9216}));
    EXPECT_EQ(parse_sizes("9k"), all_of({9216}));
    EXPECT_EQ(parse_sizes("64,512,9K"), all_of({64, 512, 9216}));
    EXPECT_EQ(parse_sizes("64-500"), all_of({64, 128, 256, 500}));
    EXPECT_EQ(parse_sizes("64-512"), all_of({64, 128, 256, 512}));
    EXPECT_EQ(parse_sizes("64-64"), all_of({64}));
    EXPECT_EQ(parse_sizes("15-9K:mixed"), (std::vector<SizeRange>{{15, 9216}}));
    EXPECT_EQ(parse_sizes("64,15-2K:mixed"), (std::vector<SizeRange>{{64, 64}, {15, 2048}}));
    EXPECT_EQ(parse_sizes("64K"), all_of({65535}));
}

TEST(SizesTest, MessagesOfTheFabricMayBeLarger) {
    EXPECT_EQ(parse_sizes("64K", max_message), all_of({65536}));
    EXPECT_EQ(parse_sizes("1M", max_message), all_of({1 << 20}));
    EXPECT_EQ(parse_sizes("512K-2m", max_message), all_of({1 << 19, 1 << 20, 1 << 21}));
    EXPECT_EQ(parse_sizes("8M", max_message), all_of({max_message}));
    for (const char* text : {"9M", "8388585", "8388607", "1G", "1MM"}) {
        EXPECT_THROW(parse_sizes(text, max_message), std::invalid_argument) << '"' << text << '"';
    }
}

TEST(SizesTest, RefusesTheRest) {
    for (const char* text :
         {"", "x", "64,", ",64", "14", "0", "-64", "64-", "128-64", "65537", "9M", "64:mixed2",
          "1e3", "64 ", "99999999999999999999", "64K5", "70000K"}) {
        EXPECT_THROW(parse_sizes(text), std::invalid_argument) << '"' << text << '"';
    }
}

TEST(SizesTest, ShowsRanges) {
    EXPECT_EQ(to_string(SizeRange{64, 64}), "64");
    EXPECT_EQ(to_string(SizeRange{15, 9216}), "15-9216");
}

TEST(SizesTest, Log2GoesThereAndBack) {
    for (std::uint32_t value = 1; value <= max_frame; ++value) {
        ASSERT_EQ(exp2_fixed(log2_fixed(value)), value);
    }
}

TEST(SizesTest, FixedPlanNeverVaries) {
    const SizePlan plan({1514, 1514});
    for (std::uint64_t sequence = 0; sequence < 1000; ++sequence) {
        EXPECT_EQ(plan.size_of(sequence), 1514U);
    }
}

TEST(SizesTest, MixedPlanStaysInsideAndReachesBothEnds) {
    for (const SizeRange range :
         {SizeRange{15, 9216}, SizeRange{15, 16}, SizeRange{100, 101}, SizeRange{1500, 9014},
          SizeRange{15, max_frame}, SizeRange{100000, 150000}, SizeRange{15, max_message}}) {
        const SizePlan plan(range);
        std::uint32_t smallest = UINT32_MAX;
        std::uint32_t largest = 0;
        for (std::uint64_t sequence = 0; sequence < 2000000; ++sequence) {
            const std::uint32_t size = plan.size_of(sequence);
            smallest = std::min(smallest, size);
            largest = std::max(largest, size);
        }
        EXPECT_EQ(smallest, range.min) << to_string(range);
        // The largest few are rare: within one per mille of the end is enough to see.
        EXPECT_GE(largest, range.max - range.max / 1000) << to_string(range);
        EXPECT_LE(largest, range.max) << to_string(range);
    }
}

TEST(SizesTest, MixedPlanIsAboutEvenOverTheOctaves) {
    const SizePlan plan({16, 4096});
    std::array<int, 16> octaves{};
    constexpr int per_octave = 1 << 15;
    constexpr int draws = 8 * per_octave;
    for (std::uint64_t sequence = 0; sequence < draws; ++sequence) {
        ++octaves[static_cast<std::size_t>(std::bit_width(plan.size_of(sequence)) - 1)];
    }
    for (std::size_t octave = 4; octave < 12; ++octave) {
        EXPECT_NEAR(octaves[octave], per_octave, per_octave * 0.1) << octave;
    }
}

// The other end may be another build on another machine: the sizes are part of the wire format.
TEST(SizesTest, MixedPlanIsForEverTheSame) {
    const SizePlan plan({15, 9216});
    std::uint64_t sum = 0;
    for (std::uint64_t sequence = 0; sequence < 100000; ++sequence) {
        sum = sum * 31 + plan.size_of(sequence);
    }
    EXPECT_EQ(sum, 9998161584100214602U);
}

}  // namespace
}  // namespace famez::pingpong
