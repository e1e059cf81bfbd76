// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include <famez/port_table.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

constexpr std::uint64_t count_mask = (std::uint64_t{1} << 48) - 1;

TEST(PortView, AnIdThatIsNotAssignedIsAbsent) {
    layout::PortEntry entry{};
    entry.status.state = static_cast<std::uint32_t>(layout::PortState::up);
    for (const std::uint32_t assigned : {0U, 2U, ~0U}) {
        entry.assignment.assigned = assigned;
        EXPECT_FALSE(view_port(entry, 1).present()) << assigned;
    }
    entry.assignment.assigned = 1;
    EXPECT_TRUE(view_port(entry, 1).up());
}

TEST(PortView, AStateThatDoesNotExistIsAbsent) {
    layout::PortEntry entry{};
    entry.assignment.assigned = 1;
    for (const std::uint32_t state : {0U, 3U, 255U, 257U, ~0U}) {
        entry.status.state = state;
        EXPECT_FALSE(view_port(entry, 1).present()) << state;
    }
    entry.status.state = static_cast<std::uint32_t>(layout::PortState::stopped);
    EXPECT_TRUE(view_port(entry, 1).present());
    EXPECT_FALSE(view_port(entry, 1).up());
}

TEST(PortView, LanesAreBoundedByTheGeometry) {
    layout::PortEntry entry{};
    entry.status.lanes = 0;
    EXPECT_EQ(view_port(entry, 4).lanes, 1U);
    entry.status.lanes = 3;
    EXPECT_EQ(view_port(entry, 4).lanes, 3U);
    entry.status.lanes = ~0U;
    EXPECT_EQ(view_port(entry, 4).lanes, 4U);
}

TEST(PortView, TheEpochIsGenerationAndStartCount) {
    layout::PortEntry entry{};
    entry.assignment.generation = 3;
    entry.status.start_count = 0xffff'fffe;
    EXPECT_EQ(view_port(entry, 1).epoch, 0x3'ffff'fffeU);
}

// A name is text for a terminal, whatever stands there; and it need not end.
TEST(NodeName, IsCutAndMadePrintable) {
    const FakeFabric fabric;
    char* const name = port_entry(fabric.region(), fabric.geometry(), 1).identity.node_name;
    const auto read = [&] { return port_node_name(fabric.region(), fabric.geometry(), 1); };
    EXPECT_EQ(read(), "");
    constexpr char hostile[] = "a\x1b[2J\n\x80z\0junk";
    std::memcpy(name, hostile, sizeof hostile);
    EXPECT_EQ(read(), "a?[2J??z");
    std::memset(name, 'x', 32);
    port_entry(fabric.region(), fabric.geometry(), 1).identity.node_class[0] = 'y';
    EXPECT_EQ(read(), std::string(32, 'x'));
}

TEST(TableBell, EachRingIsANewValue) {
    FakeFabric fabric;
    auto& word =
        at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset).table_generation;
    TableBell one(fabric.region(), fabric.geometry(), 1);
    TableBell two(fabric.region(), fabric.geometry(), 2);
    std::uint64_t last = word;
    for (int i = 0; i < 10; ++i) {
        TableBell& bell = i % 3 == 0 ? one : two;
        bell.ring();
        EXPECT_GT(word & count_mask, last & count_mask);
        EXPECT_EQ(word >> 48, i % 3 == 0 ? 1U : 2U);
        last = word;
    }
}

// Somebody slower sets the word back between two rings: the second value must not be the first.
TEST(TableBell, AWordSetBackDoesNotBringAValueTwice) {
    FakeFabric fabric;
    auto& word =
        at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset).table_generation;
    TableBell bell(fabric.region(), fabric.geometry(), 1);
    const std::uint64_t old = word;
    bell.ring();
    const std::uint64_t first = word;
    word = old;
    bell.ring();
    EXPECT_NE(word, first);
    word = 0;
    bell.ring();
    EXPECT_GT(word & count_mask, first & count_mask);
}

TEST(TableBell, ACountAtItsEndStaysOutOfTheWritersBits) {
    FakeFabric fabric;
    auto& word =
        at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset).table_generation;
    TableBell bell(fabric.region(), fabric.geometry(), 3);
    for (int i = 0; i < 3; ++i) {
        word = ~std::uint64_t{0};
        bell.ring();
        EXPECT_EQ(word >> 48, 3U);
        EXPECT_NE(word, ~std::uint64_t{0});
    }
}

}  // namespace
}  // namespace famez::test
