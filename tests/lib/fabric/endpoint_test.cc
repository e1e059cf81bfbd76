// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <famez/error.h>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

TEST(Endpoint, TwoTalk) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    TestPort b(fabric, 2);
    ASSERT_TRUE(send_soon(a, 2, "ping", 10, b));
    b.turn();
    EXPECT_EQ(b.inbox, std::vector<std::string>{"ping"});
    ASSERT_TRUE(send_soon(b, 1, "pong", 10, a));
    a.turn();
    EXPECT_EQ(a.inbox, std::vector<std::string>{"pong"});
    EXPECT_EQ(a.tx.messages, 1U);
    EXPECT_EQ(a.tx.bytes, 4U);
}

TEST(Endpoint, APortMayTalkToItself) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    ASSERT_TRUE(send_soon(a, 1, "note", 10));
    a.turn();
    EXPECT_EQ(a.inbox, std::vector<std::string>{"note"});
}

TEST(Endpoint, NobodyThere) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    EXPECT_FALSE(send_soon(a, 3, "hello", 5));
    EXPECT_EQ(a.tx.lanes_requested, 0U);
}

// What cannot be sent is refused and counted; nothing of it reaches the ring.
TEST(Endpoint, ATooLongMessageIsRefused) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    TestPort b(fabric, 2);
    ASSERT_TRUE(send_soon(a, 2, "first", 10, b));
    EXPECT_FALSE(a.send(2, std::string(fabric.geometry().payload_max() + 1, 'x')));
    EXPECT_FALSE(a.send(2, std::string(fabric.geometry().ring_bytes, 'x')));
    b.turn();
    EXPECT_EQ(b.inbox, std::vector<std::string>{"first"});
    EXPECT_EQ(b.rx.lane_poisoned, 0U);
    EXPECT_EQ(a.tx.invalid_dropped, 2U);
}

TEST(Endpoint, AnIdThatCannotBeIsRefused) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    EXPECT_FALSE(a.send(fabric.geometry().ports + 1, "x"));
    EXPECT_FALSE(a.send(0, "x"));
    EXPECT_FALSE(a.send(~0U, "x"));
}

TEST(Endpoint, ARestartedReceiverIsFoundAgain) {
    FakeFabric fabric;
    TestPort a(fabric, 1);
    for (int i = 0; i < 5; ++i) {
        TestPort b(fabric, 2);
        ASSERT_TRUE(send_soon(a, 2, "hello", 10, b));
        b.turn();
        EXPECT_EQ(b.inbox, std::vector<std::string>{"hello"});
    }
    EXPECT_EQ(a.tx.lost_in_flight, 0U);
}

TEST(Endpoint, WhatADepartedSenderSentArrives) {
    FakeFabric fabric;
    TestPort b(fabric, 2);
    for (int i = 0; i < 5; ++i) {
        TestPort a(fabric, 1);
        ASSERT_TRUE(send_soon(a, 2, "hello", 10, b));
        ASSERT_TRUE(a.send(2, "bye"));
    }
    b.turn();
    b.turn();
    EXPECT_EQ(b.inbox.size(), 10U);
    EXPECT_EQ(b.rx.rings_held, 0U);
}

// The device stays with the VM, the program in it starts again.
TEST(Endpoint, AGuestProgramStartsAgain) {
    FakeFabric fabric;
    fabric.server().assign(1);
    TestPort b(fabric, 2);
    Epoch last = 0;
    for (int i = 0; i < 5; ++i) {
        TestPort a(fabric, 1);
        EXPECT_GT(a.endpoint.port().epoch(), last);
        last = a.endpoint.port().epoch();
        ASSERT_TRUE(send_soon(a, 2, "hello", 10, b));
        ASSERT_TRUE(send_soon(b, 1, "hello", 10, a));
    }
    b.turn();
    EXPECT_EQ(b.inbox.size(), 5U);
}

TEST(Endpoint, AnIdOutsideTheRegionIsRefused) {
    FakeFabric fabric;
    fabric.server().assign(1);
    struct Stranger final : Transport {
        Stranger(FakeFabric& f, std::uint16_t i) : fabric(f), port(i) {}
        [[nodiscard]] std::span<std::byte> region() const override { return fabric.region(); }
        [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
        [[nodiscard]] std::uint16_t id() const override { return port; }
        [[nodiscard]] std::span<const int> eventfds() const override { return {}; }
        bool ring(std::uint16_t, std::uint16_t) override { return false; }
        bool service() override { return true; }
        FakeFabric& fabric;
        std::uint16_t port;
    };
    for (const std::uint16_t id : {0, 5, 3, 65535}) {  // 3: not assigned
        Stranger transport(fabric, id);
        EXPECT_THROW(Port(transport, {}), FabricError) << id;
    }
}

}  // namespace
}  // namespace famez::test
