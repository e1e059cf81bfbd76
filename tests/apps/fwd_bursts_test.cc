// SPDX-License-Identifier: BSD-3-Clause
// Several bursts that go on as one, over a port whose driver is this test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "outlet.h"
#include "stream.h"

namespace famez::fwd {
namespace {

constexpr std::uint16_t burst = 32;
constexpr std::uint16_t port = 3;

class Bursts : public testing::Test {
  protected:
    Bursts() : before_(rte_eth_fp_ops[port]), frames_(8UL * burst) {
        struct rte_eth_fp_ops& ops = rte_eth_fp_ops[port];
        ops.rx_pkt_burst = give;
        ops.tx_pkt_burst = take;
        ops.rxq = {queues_.data(), callbacks_.data()};
        ops.txq = {queues_.data(), callbacks_.data()};
    }
    ~Bursts() override { rte_eth_fp_ops[port] = before_; }
    Bursts(const Bursts&) = delete;
    Bursts& operator=(const Bursts&) = delete;

    // What each poll brings.
    std::vector<std::uint16_t> comes_;
    std::size_t polls_ = 0;
    // What the port sends before it is full.
    std::size_t room_ = 0;
    std::vector<rte_mbuf*> sent_;

    Counters counters_;
    Load load_;
    Stream stream_{0, port, 0, &counters_, TokenBucket(0, 1)};
    std::array<rte_mbuf*, 8UL * burst> packets_{};

    std::uint16_t receive() { return stream_.receive(packets_.data(), burst, bursts_at_once); }

    OutletConfig config() const {
        OutletConfig config{};
        config.port = port;
        config.burst = bursts_at_once * burst;
        config.longest_frame = 1518;
        config.when_full = WhenFull::wait;
        config.ticks_per_second = 1'000'000'000;
        return config;
    }

  private:
    static std::uint16_t give(void* self, rte_mbuf** to, std::uint16_t most) {
        Bursts& test = *static_cast<Bursts*>(self);
        if (test.polls_ == test.comes_.size()) return 0;
        const std::uint16_t count = std::min(test.comes_[test.polls_++], most);
        for (std::uint16_t i = 0; i < count; ++i)
            to[i] = &test.frames_[test.given_++];
        return count;
    }

    static std::uint16_t take(void* self, rte_mbuf** from, std::uint16_t count) {
        Bursts& test = *static_cast<Bursts*>(self);
        const std::size_t taken = std::min<std::size_t>(count, test.room_);
        test.room_ -= taken;
        test.sent_.insert(test.sent_.end(), from, from + taken);
        return static_cast<std::uint16_t>(taken);
    }

    const struct rte_eth_fp_ops before_;
    std::vector<rte_mbuf> frames_;
    std::size_t given_ = 0;
    std::array<void*, 1> queues_{this};
    std::array<void*, 1> callbacks_{};
};

TEST_F(Bursts, BehindAFullOneTheQueueIsAskedAgain) {
    comes_ = {burst, burst, burst};
    EXPECT_EQ(receive(), 2 * burst);
    EXPECT_EQ(polls_, 2U);
    EXPECT_EQ(counters_.received, 2U * burst);
    for (std::size_t i = 1; i < 2 * burst; ++i)
        EXPECT_EQ(packets_[i], packets_[i - 1] + 1);
}

TEST_F(Bursts, BehindOneThatIsNotFullItIsNot) {
    comes_ = {burst - 1, burst};
    EXPECT_EQ(receive(), burst - 1);
    EXPECT_EQ(polls_, 1U);
}

TEST_F(Bursts, TheSecondMayBringNothing) {
    comes_ = {burst, 0, burst};
    EXPECT_EQ(receive(), burst);
    EXPECT_EQ(polls_, 2U);
    EXPECT_EQ(counters_.received, burst);
}

TEST_F(Bursts, WhatThePortDoesNotTakeWaitsInOrder) {
    comes_ = {burst, burst, burst, burst};
    room_ = 10;
    Outlet outlet(config(), counters_, load_);
    outlet.pass(packets_.data(), receive());
    EXPECT_EQ(sent_.size(), 10U);
    ASSERT_TRUE(outlet.can_take_all());
    outlet.pass(packets_.data(), receive());
    // Now there would be none for as many again.
    EXPECT_FALSE(outlet.can_take_all());
    EXPECT_EQ(load_.blocked, outlet.bit());
    room_ = 1000;
    outlet.push();
    EXPECT_TRUE(outlet.can_take_all());
    EXPECT_EQ(load_.blocked | load_.waiting, 0U);
    ASSERT_EQ(sent_.size(), 4U * burst);
    for (std::size_t i = 1; i < sent_.size(); ++i)
        EXPECT_EQ(sent_[i], sent_[i - 1] + 1);
    EXPECT_EQ(counters_.sent, counters_.received);
}

}  // namespace
}  // namespace famez::fwd
