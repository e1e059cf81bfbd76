// SPDX-License-Identifier: BSD-3-Clause
//
// Impossible records: each poisons its lane (L3), none is taken, and a fresh request heals.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lane_fixture.h"

namespace famez::test {
namespace {

struct BadHeader {
    std::string name;
    // From the good header that stands there, its offset in the ring and the geometry.
    std::function<std::uint64_t(std::uint64_t, std::uint64_t, const Geometry&)> spoil;
};

std::uint64_t with_length(std::uint64_t header, std::uint64_t length) {
    return (header & ~record::length_mask) | length;
}
std::uint64_t with_kind(std::uint64_t header, std::uint64_t kind) {
    return (header & ~(std::uint64_t{0xf} << record::kind_shift)) | kind << record::kind_shift;
}
std::uint64_t to_end(std::uint64_t offset, const Geometry& g) {
    return g.ring_bytes - offset - record::header_bytes;
}

std::vector<BadHeader> bad_headers() {
    using Header = std::uint64_t;
    std::vector<BadHeader> all{
        {"longer than the most",
         [](Header h, std::uint64_t, const Geometry& g) {
             return with_length(h, g.payload_max() + 1);
         }},
        {"past the ring", [](Header h, std::uint64_t at,
                             const Geometry& g) { return with_length(h, to_end(at, g) + 1); }},
        {"as long as can be written",
         [](Header h, std::uint64_t, const Geometry&) { return h | record::length_mask; }},
        {"sequence ahead",
         [](Header h, std::uint64_t, const Geometry&) { return h + record::sequence_one; }},
        {"sequence behind",
         [](Header h, std::uint64_t, const Geometry&) { return h - record::sequence_one; }},
        {"pad too short",
         [](Header h, std::uint64_t at, const Geometry& g) {
             return with_kind(with_length(h, to_end(at, g) - 8), 3);
         }},
        {"pad too long",
         [](Header h, std::uint64_t at, const Geometry& g) {
             return with_kind(with_length(h, to_end(at, g) + 8), 3);
         }},
        {"pad with a flag",
         [](Header h, std::uint64_t at, const Geometry& g) {
             return with_kind(with_length(h, to_end(at, g)), 3) | Header{1} << record::flags_shift;
         }},
        {"pad out of sequence",
         [](Header h, std::uint64_t at, const Geometry& g) {
             return with_kind(with_length(h, to_end(at, g)), 3) + record::sequence_one;
         }},
        {"flagged and too long",
         [](Header h, std::uint64_t, const Geometry& g) {
             return with_length(h, g.payload_max() + 1) | Header{1} << record::flags_shift;
         }},
        {"all ones", [](Header, std::uint64_t, const Geometry&) { return ~Header{0}; }},
    };
    for (Header kind = 0; kind < 16; ++kind) {
        if (kind == 1 || kind == 3) continue;
        all.push_back(
            {"kind " + std::to_string(kind), [kind](Header h, std::uint64_t, const Geometry&) {
                 // A sequence of 0 and kind 0 and length 0 would be "nothing yet".
                 return with_kind(h, kind);
             }});
    }
    for (unsigned bit = 3; bit < 12; ++bit) {
        all.push_back(
            {"flag " + std::to_string(bit), [bit](Header h, std::uint64_t, const Geometry&) {
                 return h | Header{1} << (record::flags_shift + bit);
             }});
    }
    return all;
}

TEST(LanePoison, EachKindOfBadHeaderStopsTheLaneAndHeals) {
    for (const BadHeader& bad : bad_headers()) {
        // Near the ring's start, and near its end.
        for (const int before : {1, 55}) {
            SCOPED_TRACE(bad.name + " behind " + std::to_string(before));
            PlainLane lane;
            ASSERT_TRUE(lane.open());
            std::uint64_t at = 0;
            for (int i = 0; i < before; ++i, at += 64)
                ASSERT_TRUE(lane.send(text(1, 56)));
            ASSERT_TRUE(lane.send(text(2, 56)));
            ASSERT_TRUE(lane.send(text(3, 56)));
            lane.word(at) = bad.spoil(lane.word(at), at, lane.fabric.geometry());

            EXPECT_EQ(lane.poll(100), static_cast<std::uint32_t>(before));
            EXPECT_EQ(lane.consumer.state(), ConsumerState::poisoned);
            EXPECT_EQ(lane.rx.lane_poisoned, 1U);
            EXPECT_EQ(lane.block().grant.final_taken, static_cast<std::uint64_t>(before));
            EXPECT_EQ(lane.block().grant.final_position, at);
            EXPECT_FALSE(lane.producer.ready());
            EXPECT_EQ(lane.receive(), 0U);

            EXPECT_TRUE(lane.heals(3));
            EXPECT_EQ(lane.tx.lost_in_flight, 2U);
            EXPECT_EQ(lane.tx.lanes_lost, 1U);
            EXPECT_EQ(lane.rx.lane_poisoned, 1U);
        }
    }
}

TEST(LanePoison, TwoPadsInARowAreImpossible) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    const std::uint64_t ring = lane.fabric.geometry().ring_bytes;
    lane.word(0) = record::header_base(record::Kind::pad, 0) | (ring - record::header_bytes);
    lane.consumer.take(8, [](const std::byte*, std::uint32_t, std::uint32_t) { return true; });
    // The first may be taken for a PAD; the second, at offset 0 again, must end the call soon.
    lane.word(0) = record::header_base(record::Kind::pad, 1) | (ring - record::header_bytes);
    for (int i = 0; i < 3 && lane.consumer.pollable(); ++i)
        EXPECT_EQ(lane.poll(), 0U);
    EXPECT_TRUE(lane.heals(30));
}

// A consumer takes nothing more from a poisoned lane until it has answered another request, not
// even when its own ack is scribbled back to what it was.
TEST(LanePoison, OnlyADifferentRequestRevives) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    ASSERT_TRUE(lane.send("good"));
    const std::uint64_t good = lane.word(0);
    const std::uint64_t request = lane.block().request.request;
    lane.word(0) = ~std::uint64_t{0};
    lane.poll();
    lane.word(0) = good;
    lane.block().grant.ack = request;
    EXPECT_EQ(lane.receive(), 0U);
    EXPECT_EQ(lane.consumer.state(), ConsumerState::poisoned);
    EXPECT_TRUE(lane.inbox.empty());
}

TEST(LanePoison, AZeroHeaderUnderTheProducerHealsInTime) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    ASSERT_TRUE(lane.send("lost"));
    lane.word(0) = 0;
    EXPECT_EQ(lane.receive(), 0U);
    EXPECT_TRUE(lane.heals(60));
}

}  // namespace
}  // namespace famez::test
