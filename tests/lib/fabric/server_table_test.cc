// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include <famez/port_table.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

constexpr std::uint32_t vectors = 2;

layout::FabricHeader& header_of(FakeFabric& fabric) {
    return at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset);
}
layout::PortEntry& entry_of(FakeFabric& fabric, std::uint32_t id) {
    return port_entry(fabric.region(), fabric.geometry(), id);
}
ServerTable restarted(FakeFabric& fabric) {
    return {fabric.region(), fabric.geometry(), vectors};
}

TEST(ServerTable, ANewRegionHoldsNobody) {
    FakeFabric fabric;
    EXPECT_EQ(header_of(fabric).server_epoch, 1U);
    for (std::uint32_t id = 1; id <= fabric.geometry().ports; ++id) {
        EXPECT_FALSE(fabric.server().assigned(id));
        EXPECT_TRUE(fabric.server().usable(id));
        EXPECT_EQ(entry_of(fabric, id).assignment.generation, 0U);
        EXPECT_EQ(entry_of(fabric, id).assignment.assigned, 0U);
    }
}

TEST(ServerTable, AssignAndEndMoveTheGenerationOn) {
    FakeFabric fabric;
    layout::PortAssignment& line = entry_of(fabric, 2).assignment;
    for (std::uint32_t holder = 0; holder < 3; ++holder) {
        fabric.server().assign(2);
        EXPECT_TRUE(fabric.server().assigned(2));
        EXPECT_EQ(line.generation, 2 * holder + 1);
        EXPECT_EQ(line.assigned, 1U);
        fabric.server().end(2);
        EXPECT_FALSE(fabric.server().assigned(2));
        EXPECT_EQ(line.generation, 2 * holder + 2);
        EXPECT_EQ(line.assigned, 0U);
    }
    EXPECT_EQ(entry_of(fabric, 1).assignment.generation, 0U);
    EXPECT_EQ(entry_of(fabric, 3).assignment.generation, 0U);
}

TEST(ServerTable, EachChangeRingsTheBell) {
    FakeFabric fabric;
    const auto generation = [&] { return table_generation(fabric.region(), fabric.geometry()); };
    const std::uint64_t before = generation();
    fabric.server().assign(1);
    const std::uint64_t assigned = generation();
    EXPECT_NE(assigned, before);
    EXPECT_EQ(assigned >> 48, fabric.geometry().ports + 1);
    fabric.server().end(1);
    const std::uint64_t ended = generation();
    EXPECT_NE(ended, assigned);
    fabric.server().tick();
    EXPECT_EQ(generation(), ended);
}

TEST(ServerTable, EndClearsWhatThePortHadSaidOfItself) {
    FakeFabric fabric;
    fabric.server().assign(1);
    layout::PortEntry& entry = entry_of(fabric, 1);
    const auto fill = [](auto& line) { std::memset(&line, 0x5a, sizeof line); };
    fill(entry.status);
    fill(entry.identity);
    fill(entry.addresses);
    fill(entry.counters);
    const std::uint32_t lanes = entry.status.lanes;
    fabric.server().end(1);
    EXPECT_EQ(entry.status.state, 0U);
    EXPECT_EQ(entry.status.start_count, 0U);
    EXPECT_EQ(entry.status.lanes, lanes);
    const auto* bytes = reinterpret_cast<const std::byte*>(&entry.identity);
    const std::vector<std::byte> zeroes(sizeof entry - offsetof(layout::PortEntry, identity));
    EXPECT_EQ(std::memcmp(bytes, zeroes.data(), zeroes.size()), 0);
    EXPECT_FALSE(view_port(fabric.region(), fabric.geometry(), 1).present());
}

TEST(ServerTable, EndEmptiesTheMailSlot) {
    FakeFabric fabric;
    fabric.server().assign(1);
    Mailbox mailbox = Mailbox::open(fabric.region(), 1);
    mailbox.show({"z01", "Debugger", 100, 27});
    mailbox.post(1, 2, "in the middle of a send");
    fabric.server().end(1);
    EXPECT_TRUE(mailbox.look(1).node_name.empty());
    EXPECT_EQ(mailbox.look(1).cid, 0U);
    EXPECT_TRUE(mailbox.free(1));
    EXPECT_NO_THROW(Mailbox::open(fabric.region(), 1));
}

TEST(ServerTable, EndLeavesTheNeighboursAlone) {
    FakeFabric fabric;
    for (const std::uint32_t id : {1U, 2U, 3U}) {
        fabric.server().assign(id);
        std::memset(&entry_of(fabric, id).identity, 'x', sizeof(layout::PortIdentity));
        std::memset(&entry_of(fabric, id).counters, 'x', sizeof(layout::PortCounters));
    }
    fabric.server().end(2);
    for (const std::uint32_t id : {1U, 3U}) {
        EXPECT_EQ(entry_of(fabric, id).assignment.assigned, 1U);
        EXPECT_EQ(entry_of(fabric, id).identity.node_name[0], 'x');
        EXPECT_EQ(entry_of(fabric, id).counters.reserved[15], 0x7878787878787878U);
    }
}

TEST(ServerTable, ARestartedServerGoesOnWhereTheLastOneEnded) {
    FakeFabric fabric;
    fabric.server().assign(1);
    fabric.server().assign(2);
    fabric.server().end(2);
    ServerTable second = restarted(fabric);
    EXPECT_EQ(header_of(fabric).server_epoch, 2U);
    EXPECT_FALSE(second.assigned(1));
    second.assign(1);
    second.assign(2);
    EXPECT_EQ(entry_of(fabric, 1).assignment.generation, 2U);
    EXPECT_EQ(entry_of(fabric, 2).assignment.generation, 3U);
    const ServerTable third = restarted(fabric);
    EXPECT_EQ(header_of(fabric).server_epoch, 3U);
}

TEST(ServerTable, TheHeartbeatMovesAtEachTick) {
    FakeFabric fabric;
    std::uint64_t last = header_of(fabric).server_heartbeat;
    for (int i = 0; i < 3; ++i) {
        fabric.server().tick();
        EXPECT_GT(header_of(fabric).server_heartbeat, last);
        last = header_of(fabric).server_heartbeat;
    }
}

// Every word of the server's is put back, whatever somebody wrote there.
TEST(ServerTable, ATickRepairsTheServersWords) {
    FakeFabric fabric;
    fabric.server().assign(1);
    fabric.server().tick();
    layout::FabricHeader& header = header_of(fabric);
    const layout::FabricHeader good = header;
    const auto mail_good = at<layout::MailGlobals>(fabric.region(), 0);
    for (const int junk : {0x00, 0x5a, 0xff}) {
        std::memset(&header, junk, offsetof(layout::FabricHeader, server_reserved));
        std::memset(&at<layout::MailGlobals>(fabric.region(), 0), junk, sizeof mail_good);
        for (std::uint32_t id = 1; id <= fabric.geometry().ports; ++id) {
            std::memset(&entry_of(fabric, id).assignment, junk, 8);
        }
        fabric.server().tick();
        header.server_heartbeat = good.server_heartbeat;
        EXPECT_EQ(std::memcmp(&header, &good, sizeof good), 0);
        EXPECT_EQ(std::memcmp(fabric.region().data(), &mail_good, sizeof mail_good), 0);
        EXPECT_EQ(Geometry::read(fabric.region()), fabric.geometry());
        EXPECT_EQ(entry_of(fabric, 1).assignment.generation, 1U);
        EXPECT_EQ(entry_of(fabric, 1).assignment.assigned, 1U);
        EXPECT_EQ(entry_of(fabric, 2).assignment.generation, 0U);
        EXPECT_EQ(entry_of(fabric, 2).assignment.assigned, 0U);
    }
}

// A scribbled generation must not become the base of the next one: an epoch could come twice.
TEST(ServerTable, GenerationsComeFromThePrivateCopy) {
    FakeFabric fabric;
    fabric.server().assign(1);
    entry_of(fabric, 1).assignment.generation = 0;
    fabric.server().end(1);
    EXPECT_EQ(entry_of(fabric, 1).assignment.generation, 2U);
}

// Each holder uses up two generations; the last one is never passed.
TEST(ServerTable, AnIdIsNoLongerUsableAtTheEndOfItsGenerations) {
    constexpr std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
    for (const std::uint32_t start : {last - 3, last - 2, last - 1, last}) {
        FakeFabric fabric;
        entry_of(fabric, 1).assignment.generation = start;
        ServerTable server = restarted(fabric);
        EXPECT_EQ(server.usable(1), start <= last - 2) << start;
        EXPECT_TRUE(server.usable(2));
        if (!server.usable(1)) continue;
        server.assign(1);
        server.end(1);
        EXPECT_EQ(entry_of(fabric, 1).assignment.generation, start + 2);
        EXPECT_FALSE(server.usable(1));
    }
}

}  // namespace
}  // namespace famez::test
