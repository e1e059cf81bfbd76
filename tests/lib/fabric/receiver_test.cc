// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

GeometryRequest many(std::uint32_t ports, std::uint32_t rings) {
    GeometryRequest request;
    request.region_bytes = std::uint64_t{64} << 20;
    request.ports = ports;
    request.ring_bytes = 4096;
    request.slab_bytes = rings * (4096 + layout::ring_spacing_bytes);
    return request;
}

// A busy source may not starve the others: each poll begins with another lane.
TEST(Receiver, SharesAPollBetweenSources) {
    FakeFabric fabric(many(6, 8));
    TestPort to(fabric, 1);
    std::vector<std::unique_ptr<TestPort>> from;
    for (std::uint16_t id = 2; id <= 5; ++id) {
        from.push_back(std::make_unique<TestPort>(fabric, id));
        ASSERT_TRUE(send_soon(*from.back(), 1, "hello", 10, to));
    }
    to.turn();
    to.inbox.clear();
    for (int round = 0; round < 200; ++round) {
        for (auto& port : from) {
            while (port->send(1, port->endpoint.port().node_name())) {
            }
        }
        to.poll(4);
    }
    std::map<std::string, int> counts;
    for (const std::string& name : to.inbox)
        ++counts[name];
    ASSERT_EQ(counts.size(), 4U);
    for (const auto& [name, count] : counts)
        EXPECT_GT(count, 150) << name;
}

// Many quiet lanes, then one speaks: one of them is looked at in each poll.
TEST(Receiver, AQuietLaneIsHeardAgain) {
    FakeFabric fabric(many(60, 60));
    TestPort to(fabric, 1);
    std::vector<std::unique_ptr<TestPort>> from;
    for (std::uint16_t id = 2; id <= 60; ++id) {
        from.push_back(std::make_unique<TestPort>(fabric, id));
        ASSERT_TRUE(send_soon(*from.back(), 1, "hello", 10, to)) << id;
    }
    for (int i = 0; i < 20000; ++i)
        to.poll();
    EXPECT_EQ(to.inbox.size(), 59U);
    for (auto& port : from) {
        to.inbox.clear();
        ASSERT_TRUE(port->send(1, "again"));
        int polls = 0;
        while (to.inbox.empty() && polls < 60) {
            to.poll();
            ++polls;
        }
        EXPECT_EQ(to.inbox, std::vector<std::string>{"again"});
    }
}

// One that spins sweeps less often, and one that polls seldom at fewer polls: neither lets a
// request wait.
TEST(Receiver, AnswersARequestHoweverOftenItPolls) {
    FakeFabric fabric(many(14, 14));
    TestPort to(fabric, 1);
    const auto polls_to_answer = [&](std::uint16_t id) {
        TestPort from(fabric, id);
        int polls = 0;
        for (; !from.send(1, "hello") && polls < 10'000; ++polls)
            to.poll();
        return polls;
    };
    const auto tick_after = [&](int polls) {
        for (int i = 0; i < polls; ++i)
            to.poll();
        to.endpoint.tick();
    };
    EXPECT_LE(polls_to_answer(2), 32 * 5);
    for (int i = 0; i < 3; ++i)
        tick_after(200'000);
    EXPECT_LE(polls_to_answer(3), 256 * 5);
    for (int i = 0; i < 3; ++i)
        tick_after(500);
    EXPECT_LE(polls_to_answer(4), 32 * 5);
}

// More talkers than rings: the lane that is idle gives way to one that asks, however few there are.
TEST(Receiver, AFullSlabTakesBackAnIdleRing) {
    for (const std::uint32_t rings : {1U, 2U, 4U, 9U}) {
        SCOPED_TRACE(rings);
        FakeFabric fabric(many(14, rings));
        TestPort to(fabric, 1);
        std::vector<std::unique_ptr<TestPort>> from;
        for (std::uint16_t id = 2; id <= 14; ++id) {
            from.push_back(std::make_unique<TestPort>(fabric, id));
        }
        for (int round = 0; round < 3; ++round) {
            for (auto& port : from) {
                bool sent = false;
                for (int i = 0; i < 100 && !sent; ++i) {
                    sent = port->send(1, "hello");
                    to.turn();
                    for (auto& other : from)
                        other->turn();
                }
                EXPECT_TRUE(sent) << "port " << port->endpoint.port().id() << " round " << round;
                if (!sent) return;
            }
        }
        for (int i = 0; i < 50; ++i)
            to.turn();
        EXPECT_EQ(to.inbox.size(), 39U);
        EXPECT_EQ(to.rx.lane_poisoned, 0U);
    }
}

TEST(Receiver, OnlyServesItsPeer) {
    FakeFabric fabric(many(4, 4));
    TestPort to(fabric, 1, {}, 2);
    TestPort friendly(fabric, 2);
    TestPort stranger(fabric, 3);
    EXPECT_TRUE(send_soon(friendly, 1, "hello", 10, to));
    EXPECT_FALSE(send_soon(stranger, 1, "hello", 10, to));
    to.turn();
    EXPECT_EQ(to.inbox, std::vector<std::string>{"hello"});
}

// A point-to-point port must get back the rings that its predecessor, which served everybody, had
// given to strangers.
TEST(Receiver, RingsOfStrangersComeBack) {
    FakeFabric fabric(many(4, 1));
    fabric.server().assign(1);
    auto to = std::make_unique<TestPort>(fabric, 1);
    auto stranger = std::make_unique<TestPort>(fabric, 3);
    ASSERT_TRUE(send_soon(*stranger, 1, "hello", 10, *to));
    to = nullptr;
    to = std::make_unique<TestPort>(fabric, 1, PortOptions{}, 2);
    stranger = nullptr;
    TestPort friendly(fabric, 2);
    EXPECT_TRUE(send_soon(friendly, 1, "hello", 10, *to));
}

// Not so yet: a request forged in the name of a port that nobody holds is answered, and its ring
// comes back only when that port comes and goes, or somebody clears the request.
TEST(Receiver, ARequestOfAnAbsentPortHoldsNoRing) {
    FakeFabric fabric(many(4, 1));
    TestPort to(fabric, 1);
    TestPort friendly(fabric, 2);
    auto& forged =
        at<layout::LaneBlock>(fabric.region(), fabric.geometry().lane_offset(1, 3, 0)).request;
    forged.consumer_epoch = to.endpoint.port().epoch();
    forged.request = 1;
    for (int i = 0; i < 10; ++i)
        to.turn();
    EXPECT_TRUE(send_soon(friendly, 1, "hello", 100, to));
}

}  // namespace
}  // namespace famez::test
