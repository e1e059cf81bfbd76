// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <famez/error.h>
#include <famez/port.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

// A port and its counters; the id is assigned, nothing is announced yet.
struct Attached {
    Attached(FakeFabric& fabric, std::uint16_t id, PortOptions options = {})
        : transport(fabric, id),
          port(transport, std::move(options)),
          entry(port_entry(fabric.region(), fabric.geometry(), id)) {}
    void tick(int times = 1) {
        for (int i = 0; i < times; ++i) {
            port.tick(tx, rx);
        }
    }
    FakeTransport transport;
    Port port;
    layout::PortEntry& entry;
    TxCounters tx;
    RxCounters rx;
};

GeometryRequest four_lanes() {
    GeometryRequest request = FakeFabric::small_request();
    request.lanes = 4;
    return request;
}

TEST(Port, NothingIsWrittenBeforeTheAnnouncement) {
    FakeFabric fabric;
    Attached a(fabric, 2);
    EXPECT_EQ(a.port.epoch(), make_epoch(1, 1));
    EXPECT_EQ(a.entry.status.start_count, 0U);
    EXPECT_FALSE(view_port(a.entry, 1).present());
    a.port.announce();
    EXPECT_EQ(view_port(a.entry, 1).epoch, a.port.epoch());
    EXPECT_EQ(view_port(a.entry, 1).state, layout::PortState::stopped);
    a.port.set_state(layout::PortState::up);
    EXPECT_TRUE(view_port(a.entry, 1).up());
    a.port.withdraw();
    EXPECT_FALSE(view_port(a.entry, 1).present());
    a.tick();  // and no tick brings it back
    EXPECT_FALSE(view_port(a.entry, 1).present());
}

TEST(Port, EachAttachmentHasAnEpochOfItsOwn) {
    FakeFabric fabric;
    Epoch last = 0;
    for (std::uint32_t holder = 1; holder <= 3; ++holder) {
        fabric.server().assign(1);
        for (std::uint32_t start = 1; start <= 3; ++start) {
            Attached a(fabric, 1);
            a.port.announce();
            EXPECT_GT(a.port.epoch(), last);
            EXPECT_EQ(a.port.epoch(), make_epoch(2 * holder - 1, start));
            last = a.port.epoch();
        }
        fabric.server().end(1);
    }
}

TEST(Port, AStartCountAtItsEndIsRefused) {
    FakeFabric fabric;
    fabric.server().assign(1);
    auto& entry = port_entry(fabric.region(), fabric.geometry(), 1);
    entry.status.start_count = std::numeric_limits<std::uint32_t>::max() - 1;
    {
        Attached last(fabric, 1);
        EXPECT_EQ(last.port.epoch(), make_epoch(1, std::numeric_limits<std::uint32_t>::max()));
        last.port.announce();
    }
    EXPECT_THROW(Attached(fabric, 1), FabricError);
}

TEST(Port, HasANameOfTheOriginalsKindByDefault) {
    FakeFabric fabric;
    Attached a(fabric, 3);
    a.port.announce();
    EXPECT_EQ(a.port.node_name(), "z03");
    EXPECT_EQ(port_node_name(fabric.region(), fabric.geometry(), 3), "z03");
}

TEST(Port, NamesEndWithNul) {
    FakeFabric fabric;
    PortOptions options;
    options.node_name = std::string(40, 'n');
    options.node_class = std::string(40, 'c');
    Attached a(fabric, 1, options);
    a.port.announce();
    EXPECT_EQ(std::string(a.entry.identity.node_name), std::string(31, 'n'));
    EXPECT_EQ(std::string(a.entry.identity.node_class), std::string(31, 'c'));
}

// A shorter name leaves nothing of a longer one.
TEST(Port, ANameReplacesTheLastOneWhole) {
    FakeFabric fabric;
    fabric.server().assign(1);
    auto& entry = port_entry(fabric.region(), fabric.geometry(), 1);
    for (const std::string name : {"a-long-name", "b"}) {
        PortOptions options;
        options.node_name = name;
        Attached a(fabric, 1, options);
        a.port.announce();
        EXPECT_EQ(std::string(entry.identity.node_name), name);
    }
    EXPECT_TRUE(std::all_of(entry.identity.node_name + 1, entry.identity.node_name + 32,
                            [](char letter) { return letter == '\0'; }));
}

TEST(Port, LanesAreBoundedByTheGeometry) {
    FakeFabric fabric(four_lanes());
    for (const auto& [asked, got] : std::vector<std::array<std::uint32_t, 2>>{
             {0, 1}, {1, 1}, {3, 3}, {4, 4}, {5, 4}, {~0U, 4}}) {
        PortOptions options;
        options.lanes = asked;
        Attached a(fabric, 1, options);
        a.port.announce();
        EXPECT_EQ(a.entry.status.lanes, got) << asked;
    }
}

TEST(Port, EachTickMovesTheHeartbeatAndTheClock) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    a.port.announce();
    std::uint64_t last = a.entry.status.heartbeat;
    for (std::uint32_t i = 1; i <= 3; ++i) {
        a.tick();
        EXPECT_GT(a.entry.status.heartbeat, last);
        last = a.entry.status.heartbeat;
        EXPECT_EQ(a.port.now(), i);
    }
}

TEST(Port, APeerIsAliveWhileItsHeartbeatMoves) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    Attached b(fabric, 2);
    b.port.announce();
    a.tick();
    EXPECT_FALSE(a.port.alive(2));  // stopped
    b.port.set_state(layout::PortState::up);
    b.tick();
    a.tick();
    EXPECT_TRUE(a.port.alive(2));
    a.tick(static_cast<int>(Port::stale_ticks_max));
    EXPECT_TRUE(a.port.alive(2));
    a.tick();
    EXPECT_FALSE(a.port.alive(2));  // silent for too long
    b.tick();
    a.tick();
    EXPECT_TRUE(a.port.alive(2));
    b.port.withdraw();
    a.tick();
    EXPECT_FALSE(a.port.alive(2));
}

TEST(Port, APeerWhoseHolderEndedIsNotAlive) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    {
        Attached b(fabric, 2);
        b.port.announce();
        b.port.set_state(layout::PortState::up);
        a.tick();
        EXPECT_TRUE(a.port.alive(2));
    }
    a.tick();
    EXPECT_FALSE(a.port.alive(2));
}

// Its heartbeat begins from the same count again; the new epoch tells them apart.
TEST(Port, ARestartedPeerIsAliveAtOnce) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    fabric.server().assign(2);
    for (int i = 0; i < 3; ++i) {
        Attached b(fabric, 2);
        b.port.announce();
        b.port.set_state(layout::PortState::up);
        b.tick();
        a.tick();
        EXPECT_TRUE(a.port.alive(2));
        a.tick(2 * static_cast<int>(Port::stale_ticks_max));
        EXPECT_FALSE(a.port.alive(2));
    }
}

TEST(Port, CountersAreMirroredAtEachTick) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    a.tx.messages = 11;
    a.tx.doorbells = 12;
    a.rx.messages = 13;
    a.rx.sleeps = 14;
    a.tick();
    EXPECT_EQ(a.entry.counters.tx_messages, 11U);
    EXPECT_EQ(a.entry.counters.tx_doorbells, 12U);
    EXPECT_EQ(a.entry.counters.rx_messages, 13U);
    EXPECT_EQ(a.entry.counters.rx_sleeps, 14U);
    EXPECT_EQ(a.entry.counters.tx_reserved[0], 0U);
    EXPECT_EQ(a.entry.counters.rx_reserved[0], 0U);
}

TEST(Port, ATickRepairsThePortsWords) {
    FakeFabric fabric;
    PortOptions options;
    options.node_class = "class";
    options.capabilities = layout::cap_may_sleep;
    Attached a(fabric, 1, options);
    a.port.announce();
    a.port.set_state(layout::PortState::up);
    const std::vector<std::uint64_t> addresses = {0x0102, 0x0304, 0x0506};
    a.port.set_addresses(addresses, layout::filter_promiscuous);
    a.tick();
    const layout::PortEntry good = a.entry;
    for (const int junk : {0x00, 0x5a, 0xff}) {
        std::memset(&a.entry.status, junk, offsetof(layout::PortStatus, reserved));
        std::memset(&a.entry.identity, junk, sizeof a.entry.identity);
        std::memset(&a.entry.addresses, junk, offsetof(layout::PortAddresses, reserved));
        std::memset(a.entry.addresses.address, junk, addresses.size() * 8);
        std::memset(&a.entry.counters, junk, offsetof(layout::PortCounters, tx_reserved));
        a.tick();
        a.entry.status.heartbeat = good.status.heartbeat;
        EXPECT_EQ(std::memcmp(&a.entry, &good, sizeof good), 0) << junk;
    }
}

TEST(Port, KeepsAsManyAddressesAsFit) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    a.port.announce();
    std::vector<std::uint64_t> addresses(layout::addresses_max + 5, 7);
    a.port.set_addresses(addresses, layout::filter_all_multicast);
    EXPECT_EQ(a.entry.addresses.count, layout::addresses_max);
    EXPECT_EQ(a.entry.addresses.address[layout::addresses_max - 1], 7U);
    EXPECT_EQ(a.entry.addresses.filter, layout::filter_all_multicast);
    EXPECT_EQ(a.entry.counters.tx_messages, 0U);  // what lies behind them
    a.port.set_addresses({}, 0);
    EXPECT_EQ(a.entry.addresses.count, 0U);
}

TEST(Port, EachChangeRingsTheBell) {
    FakeFabric fabric;
    Attached a(fabric, 1);
    std::uint64_t last = table_generation(fabric.region(), fabric.geometry());
    const auto rang = [&] {
        const std::uint64_t before = last;
        last = table_generation(fabric.region(), fabric.geometry());
        return last != before && last >> 48 == 1;
    };
    a.port.announce();
    EXPECT_TRUE(rang());
    a.port.set_state(layout::PortState::up);
    EXPECT_TRUE(rang());
    a.port.set_addresses({}, 0);
    EXPECT_TRUE(rang());
    a.tick();
    EXPECT_FALSE(rang());
    a.port.withdraw();
    EXPECT_TRUE(rang());
}

}  // namespace
}  // namespace famez::test
