// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

#include <gtest/gtest.h>

#include <vector>

namespace famez::pingpong {
namespace {

TEST(WireTest, FabricAddressHoldsTheIdBigEndian) {
    EXPECT_EQ(fabric_address(0, 1), (MacAddress{0x02, 0xfa, 0x3e, 0x00, 0x00, 0x01}));
    EXPECT_EQ(fabric_address(7, 0x1234), (MacAddress{0x02, 0xfa, 0x3e, 0x07, 0x12, 0x34}));
    for (const std::uint16_t id : {1, 0x1234, 65535}) {
        EXPECT_EQ(fabric_id(fabric_address(255, id)), id);
        EXPECT_EQ(fabric_number(fabric_address(255, id)), 255);
    }
    for (const MacAddress& other : {broadcast_address, MacAddress{0x02, 0xfa, 0x3f, 7, 0, 1}}) {
        EXPECT_EQ(fabric_id(other), 0);
        EXPECT_EQ(fabric_number(other), 0);
    }
}

TEST(WireTest, AnIdIsThatOfAPortOfTheOwnFabric) {
    const MacAddress foreign{2, 4, 6, 8, 10, 12};
    const Peer five{std::uint16_t{5}};
    EXPECT_EQ(address_of(five, fabric_address(7, 1)), fabric_address(7, 5));
    EXPECT_EQ(address_of(five, foreign), fabric_address(0, 5));
    EXPECT_EQ(address_of(fabric_address(3, 9), fabric_address(7, 1)), fabric_address(3, 9));
    EXPECT_EQ(address_of(foreign, fabric_address(7, 1)), foreign);
    EXPECT_EQ(peer_id(five), 5);
    EXPECT_EQ(peer_id(fabric_address(3, 9)), 9);
    EXPECT_EQ(peer_id(broadcast_address), 0);
}

TEST(WireTest, HeaderLiesWhereEthernetHasIt) {
    std::array<std::uint8_t, 32> frame{};
    const MacAddress to{1, 2, 3, 4, 5, 6};
    const MacAddress from{7, 8, 9, 10, 11, 12};
    HeaderTemplate(to, from, data_type).write(frame.data(), 0x1122334455667788U);
    const std::array<std::uint8_t, 22> wanted = {1,    2,    3,    4,    5,    6,    7,    8,
                                                 9,    10,   11,   12,   0x88, 0xb5, 0x88, 0x77,
                                                 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), frame.begin()));
    EXPECT_EQ(frame_type(frame.data()), data_type);
}

TEST(WireTest, PayloadBeginsWithTheSequenceNumber) {
    std::array<std::uint8_t, 8> payload{};
    write_pattern(payload.data(), payload.size(), 0, 0x0102030405060708U);
    EXPECT_EQ(load<std::uint64_t>(payload.data()), 0x0102030405060708U);
    std::uint8_t one = 0;
    write_pattern(&one, 1, 0, 0x0102030405060708U);
    EXPECT_EQ(one, 8);
}

// Byte by byte, as a second implementation would.
std::vector<std::uint8_t> reference_payload(std::size_t size, std::uint64_t sequence) {
    std::vector<std::uint8_t> payload(size);
    for (std::size_t i = 0; i < size; ++i) {
        payload[i] = static_cast<std::uint8_t>(pattern_word(sequence, i / 8) >> (8 * (i % 8)));
    }
    return payload;
}

TEST(WireTest, PatternIsTheSameHoweverItIsCut) {
    constexpr std::uint64_t the_sequence = 0xfeedULL << 40 | 77;
    for (std::size_t size = 1; size <= 200; ++size) {
        const auto wanted = reference_payload(size, the_sequence);
        std::vector<std::uint8_t> whole(size);
        write_pattern(whole.data(), size, 0, the_sequence);
        ASSERT_EQ(whole, wanted) << size;
        for (std::size_t cut = 0; cut <= size; ++cut) {
            std::vector<std::uint8_t> parts(size);
            write_pattern(parts.data(), cut, 0, the_sequence);
            write_pattern(parts.data() + cut, size - cut, cut, the_sequence);
            ASSERT_EQ(parts, wanted) << size << " cut at " << cut;
            ASSERT_TRUE(matches_pattern(parts.data(), cut, 0, the_sequence));
            ASSERT_TRUE(matches_pattern(parts.data() + cut, size - cut, cut, the_sequence));
        }
    }
}

TEST(WireTest, EveryFlippedBitIsSeen) {
    constexpr std::uint64_t the_sequence = 123456789;
    for (const std::size_t size : {1U, 7U, 8U, 9U, 64U, 131U}) {
        std::vector<std::uint8_t> payload(size);
        write_pattern(payload.data(), size, 0, the_sequence);
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            payload[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            EXPECT_FALSE(matches_pattern(payload.data(), size, 0, the_sequence))
                << size << ' ' << bit;
            payload[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        }
        EXPECT_TRUE(matches_pattern(payload.data(), size, 0, the_sequence));
    }
}

TEST(WireTest, NeighboursDiffer) {
    std::vector<std::uint8_t> payload(64);
    write_pattern(payload.data(), payload.size(), 0, 41);
    EXPECT_FALSE(matches_pattern(payload.data() + 8, 56, 8, 42));
    EXPECT_FALSE(matches_pattern(payload.data() + 8, 48, 16, 41));
}

TEST(WireTest, StrangeControlMessagesAreNotBelieved) {
    ControlMessage good;
    good.kind = Control::hello;
    good.size_min = 64;
    good.size_max = 64;
    EXPECT_TRUE(plausible(good));
    const auto spoiled = [&good](auto&& spoil) {
        ControlMessage message = good;
        spoil(message);
        return message;
    };
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.magic ^= 1; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { ++m.version; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.kind = Control{}; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.kind = Control{99}; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.size_min = 0; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.size_min = 65; })));
    EXPECT_FALSE(plausible(spoiled([](ControlMessage& m) { m.size_max = max_message + 1; })));
}

}  // namespace
}  // namespace famez::pingpong
