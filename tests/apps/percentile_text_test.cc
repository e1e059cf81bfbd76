// SPDX-License-Identifier: BSD-3-Clause
#include "percentile_text.h"

#include <gtest/gtest.h>

namespace famez::pingpong {
namespace {

constexpr const char* header = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
constexpr const char* buckets = "#[Buckets =           57, SubBuckets     =          256]\n";

// By hand: 5 lines each time that what is left halves, so levels of 0, 10, .. 50, 55, .. 75, 77.5,
// .. 87.5, 88.75, 90, 91.25; each with the first value that reaches it.
TEST(PercentileTextTest, OneToTen) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 10; ++value)
        histogram.record(value);
    EXPECT_EQ(percentile_text(histogram, 1.0),
              std::string(header) +
                  "       1.000 0.000000000000          1           1.00\n"
                  "       1.000 0.100000000000          1           1.11\n"
                  "       2.000 0.200000000000          2           1.25\n"
                  "       3.000 0.300000000000          3           1.43\n"
                  "       4.000 0.400000000000          4           1.67\n"
                  "       5.000 0.500000000000          5           2.00\n"
                  "       6.000 0.550000000000          6           2.22\n"
                  "       6.000 0.600000000000          6           2.50\n"
                  "       7.000 0.650000000000          7           2.86\n"
                  "       7.000 0.700000000000          7           3.33\n"
                  "       8.000 0.750000000000          8           4.00\n"
                  "       8.000 0.775000000000          8           4.44\n"
                  "       8.000 0.800000000000          8           5.00\n"
                  "       9.000 0.825000000000          9           5.71\n"
                  "       9.000 0.850000000000          9           6.67\n"
                  "       9.000 0.875000000000          9           8.00\n"
                  "       9.000 0.887500000000          9           8.89\n"
                  "       9.000 0.900000000000          9          10.00\n"
                  "      10.000 0.912500000000         10          11.43\n"
                  "      10.000 1.000000000000         10\n"
                  "#[Mean    =        5.500, StdDeviation   =        2.872]\n"
                  "#[Max     =       10.000, Total count    =           10]\n" +
                  buckets);
}

// 1000 lies in the bucket [1000, 1003], 5000 in [4992, 5023]: the first shows its top, the last
// the largest value. The unit goes for all.
TEST(PercentileTextTest, BucketsShowTheirTopAndTheUnitCounts) {
    Histogram histogram;
    histogram.record(1000);
    histogram.record(5000);
    const std::string text = percentile_text(histogram, 0.5);
    EXPECT_NE(text.find("     501.500 0.000000000000          1           1.00\n"), text.npos);
    EXPECT_NE(text.find("     501.500 0.500000000000          1           2.00\n"), text.npos);
    EXPECT_NE(text.find("    2500.000 0.550000000000          2           2.22\n"), text.npos);
    EXPECT_NE(text.find("    2500.000 1.000000000000          2\n"), text.npos);
    // Middles 1002 and 5000 (clamped): half of 3000 and of 1999.
    EXPECT_NE(text.find("#[Mean    =     1500.000, StdDeviation   ="), text.npos);
}

TEST(PercentileTextTest, OneValueAndNone) {
    Histogram histogram;
    EXPECT_EQ(percentile_text(histogram, 1.0),
              std::string(header) +
                  "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
                  "#[Max     =        0.000, Total count    =            0]\n" +
                  buckets);
    histogram.record(42);
    EXPECT_EQ(percentile_text(histogram, 1.0),
              std::string(header) +
                  "      42.000 0.000000000000          1           1.00\n"
                  "      42.000 1.000000000000          1\n"
                  "#[Mean    =       42.000, StdDeviation   =        0.000]\n"
                  "#[Max     =       42.000, Total count    =            1]\n" +
                  buckets);
}

TEST(PercentileTextTest, ASweepHasAFileASize) {
    Options options;
    options.histogram_file = "/some/where/rtt.hgrm";
    options.sizes = {{64, 64}};
    EXPECT_EQ(histogram_path(options, {64, 64}), "/some/where/rtt.hgrm");
    options.sizes = {{64, 64}, {15, 9216}};
    EXPECT_EQ(histogram_path(options, {64, 64}), "/some/where/rtt-64.hgrm");
    EXPECT_EQ(histogram_path(options, {15, 9216}), "/some/where/rtt-15-9216.hgrm");
    options.histogram_file = "rtt";
    EXPECT_EQ(histogram_path(options, {64, 64}), "rtt-64");
}

TEST(PercentileTextTest, KnowsBeforehandThatAFileCannotBeWritten) {
    Options options;
    options.sizes = {{64, 64}};
    EXPECT_EQ(histogram_obstacle(options), "");
    options.histogram_file = "famez-no-such-file.hgrm";
    EXPECT_EQ(histogram_obstacle(options), "");
    options.histogram_file = ::testing::TempDir() + "famez-no-such-directory/rtt.hgrm";
    EXPECT_NE(histogram_obstacle(options).find(options.histogram_file), std::string::npos);
}

}  // namespace
}  // namespace famez::pingpong
