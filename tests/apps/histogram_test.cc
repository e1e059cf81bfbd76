// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace famez::pingpong {
namespace {

TEST(HistogramTest, SaysZeroOfNothing) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.mean(), 0.0);
    EXPECT_EQ(histogram.percentile(50), 0U);
}

TEST(HistogramTest, OneValueIsEveryPercentile) {
    Histogram histogram;
    histogram.record(123457);
    for (const double percent : {0.0, 50.0, 99.99, 100.0}) {
        EXPECT_EQ(histogram.percentile(percent), 123457U) << percent;
    }
    EXPECT_EQ(histogram.min(), 123457U);
    EXPECT_EQ(histogram.max(), 123457U);
    EXPECT_EQ(histogram.mean(), 123457.0);
}

TEST(HistogramTest, IsExactBelow256) {
    Histogram histogram;
    for (std::uint64_t value = 0; value < 256; ++value)
        histogram.record(value);
    for (int percent = 1; percent <= 100; ++percent) {
        const auto wanted = static_cast<std::uint64_t>(std::ceil(percent * 2.56)) - 1;
        EXPECT_EQ(histogram.percentile(percent), wanted) << percent;
    }
    EXPECT_EQ(histogram.mean(), 127.5);
}

// Any value alone beside the two extremes, so that they cannot hide the bucket's error.
TEST(HistogramTest, IsWithinOnePerCentEverywhere) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t offset : {0U, 1U, 3U, 7U}) {
            const std::uint64_t value = (std::uint64_t{1} << bit) + (offset << (bit / 2));
            Histogram histogram;
            histogram.record(0);
            histogram.record(value);
            histogram.record(UINT64_MAX);
            const auto found = static_cast<double>(histogram.percentile(50));
            const auto exact = static_cast<double>(value);
            EXPECT_LE(std::abs(found - exact), exact * 0.01) << value;
        }
    }
}

TEST(HistogramTest, AgreesWithSortingThemAll) {
    std::mt19937_64 random(1);
    std::lognormal_distribution<double> distribution(6.0, 1.5);
    Histogram histogram;
    std::vector<std::uint64_t> values(200000);
    for (std::uint64_t& value : values) {
        value = static_cast<std::uint64_t>(distribution(random));
        histogram.record(value);
    }
    std::sort(values.begin(), values.end());
    for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99}) {
        const auto rank =
            static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
        const auto exact = static_cast<double>(values[rank - 1]);
        EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, exact * 0.01 + 1);
    }
    EXPECT_EQ(histogram.min(), values.front());
    EXPECT_EQ(histogram.max(), values.back());
}

TEST(HistogramTest, KnowsHowFarTheyLieApart) {
    Histogram histogram;
    EXPECT_EQ(histogram.standard_deviation(), 0.0);
    for (const std::uint64_t value : {2U, 4U, 4U, 4U, 5U, 5U, 7U, 9U})
        histogram.record(value);
    EXPECT_DOUBLE_EQ(histogram.standard_deviation(), 2.0);
}

TEST(HistogramTest, ABucketEndsWhereTheNextBegins) {
    Histogram histogram;
    histogram.record(UINT64_MAX);
    // One value a bucket up to 255, then 2 up to 511, 4 up to 1023.
    EXPECT_EQ(histogram.top_of(0), 0U);
    EXPECT_EQ(histogram.top_of(255), 255U);
    EXPECT_EQ(histogram.top_of(256), 257U);
    EXPECT_EQ(histogram.top_of(383), 511U);
    EXPECT_EQ(histogram.top_of(384), 515U);
    EXPECT_EQ(histogram.top_of(Histogram::bucket_count - 1), UINT64_MAX);
    EXPECT_EQ(histogram.count_in(Histogram::bucket_count - 1), 1U);
}

TEST(HistogramTest, MergesAndClears) {
    Histogram one;
    Histogram other;
    one.record(10);
    other.record(1000);
    other.record(5);
    one.merge(other);
    EXPECT_EQ(one.count(), 3U);
    EXPECT_EQ(one.min(), 5U);
    EXPECT_EQ(one.max(), 1000U);
    EXPECT_EQ(one.percentile(50), 10U);
    one.clear();
    EXPECT_EQ(one.count(), 0U);
    EXPECT_EQ(one.percentile(99), 0U);
}

}  // namespace
}  // namespace famez::pingpong
