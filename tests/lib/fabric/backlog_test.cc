// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <famez/consumer.h>

namespace famez::test {
namespace {

class BacklogTest : public testing::Test {
  protected:
    std::uint64_t& header_at(std::uint64_t offset) {
        return at<std::uint64_t>(region(), ring_offset_ + offset % geometry_.ring_bytes);
    }
    static std::uint64_t record_of(std::uint64_t payload_bytes) {
        return record::header_base(record::Kind::data, 7) | payload_bytes;
    }
    std::span<std::byte> region() { return memory_; }
    std::uint64_t backlog() {
        return ring_backlog(region(), geometry_, 1, ring_offset_, position_);
    }

    Geometry geometry_ = Geometry::plan(
        {.region_bytes = 1 << 20, .ports = 2, .ring_bytes = 4096, .slab_bytes = 1 << 16});
    std::vector<std::byte> memory_ = std::vector<std::byte>(geometry_.region_bytes);
    std::uint64_t ring_offset_ = geometry_.ring_offset(1, 2);
    std::uint64_t position_ = 0;
};

TEST_F(BacklogTest, CountsUpToTheFirstFreeHeader) {
    EXPECT_EQ(backlog(), 0U);
    position_ = 3 * geometry_.ring_bytes - 32;
    header_at(position_) = record_of(20);  // 32 bytes: to the end of the ring
    EXPECT_EQ(backlog(), 32U);
    header_at(position_ + 32) = record_of(1);
    EXPECT_EQ(backlog(), 48U);
}

TEST_F(BacklogTest, LiesAreNumbersAndNoMore) {
    position_ = 8;
    header_at(position_) = record_of(record::length_mask);
    EXPECT_EQ(backlog(), 0U);
    for (std::uint64_t offset = 0; offset < geometry_.ring_bytes; offset += 8)
        header_at(offset) = record_of(0);
    EXPECT_EQ(backlog(), geometry_.ring_bytes);
    position_ = 9;
    EXPECT_EQ(backlog(), 0U);
    position_ = 8;
    for (const std::uint64_t offset :
         {std::uint64_t{0}, ring_offset_ + 8, geometry_.ring_offset(2, 0), ~std::uint64_t{7}}) {
        ring_offset_ = offset;
        EXPECT_EQ(backlog(), 0U) << offset;
    }
}

}  // namespace
}  // namespace famez::test
