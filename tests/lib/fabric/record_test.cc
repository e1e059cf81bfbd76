// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>

#include <famez/layout.h>
#include <famez/record.h>

namespace famez::test {
namespace {

TEST(Record, TakesWholeWords) {
    EXPECT_EQ(record::bytes(0), 8U);
    EXPECT_EQ(record::bytes(1), 16U);
    EXPECT_EQ(record::bytes(8), 16U);
    EXPECT_EQ(record::bytes(9), 24U);
    EXPECT_EQ(record::bytes(64), 72U);
    EXPECT_EQ(record::bytes(record::length_mask), (std::uint64_t{1} << 24) + 8);
}

// What is taken out of a header is what was put in, next to neighbours of all ones.
TEST(Record, FieldsDoNotTouch) {
    const std::uint64_t ones = ~std::uint64_t{0};
    EXPECT_EQ(record::length(ones), 0xffffffU);
    EXPECT_EQ(record::kind(ones), 0xfU);
    EXPECT_EQ(record::flags(ones), 0xfffU);
    const std::uint64_t header = record::header_base(record::Kind::ref, 0xabcdef) | 0x123456 |
                                 std::uint64_t{0x801} << record::flags_shift;
    EXPECT_EQ(header, 0xabcdef8012123456U);
    EXPECT_EQ(record::length(header), 0x123456U);
    EXPECT_EQ(record::kind(header), 2U);
    EXPECT_EQ(record::flags(header), 0x801U);
}

TEST(Record, NoHeaderIsZero) {
    for (const record::Kind kind : {record::Kind::data, record::Kind::ref, record::Kind::pad}) {
        EXPECT_NE(record::header_base(kind, 0), 0U);
    }
}

TEST(Record, TheSequenceWrapsAlone) {
    const std::uint64_t last = record::header_base(record::Kind::data, 0xffffff) | 77;
    EXPECT_EQ(last + record::sequence_one, record::header_base(record::Kind::data, 0) | 77);
}

// A PAD over the largest ring and the largest payload fit the length field.
TEST(Record, TheLengthFieldHoldsTheLargestRing) {
    EXPECT_LE(layout::ring_bytes_max - record::header_bytes, record::length_mask);
    EXPECT_GE(layout::ring_guard_bytes, record::small_bytes);
}

}  // namespace
}  // namespace famez::test
