// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "mac_table.h"

namespace famez::fwd {
namespace {

constexpr Address a = 0x0102'0304'0506 & ~1ULL;
constexpr Address b = 0x0602'0304'0500;

TEST(MacTable, KnowsNobodyAtFirst) {
    const MacTable table(100);
    EXPECT_EQ(table.find(a), std::nullopt);
    EXPECT_EQ(table.find(0), std::nullopt);
    EXPECT_EQ(table.size(), 0U);
}

TEST(MacTable, LearnsMovesAndForgets) {
    MacTable table(100);
    EXPECT_EQ(table.learn(a, 0), MacTable::Learned::added);
    EXPECT_EQ(table.learn(a, 0), MacTable::Learned::known);
    EXPECT_EQ(table.learn(b, 3), MacTable::Learned::added);
    EXPECT_EQ(table.find(a), 0);
    EXPECT_EQ(table.find(b), 3);
    EXPECT_EQ(table.learn(a, 3), MacTable::Learned::moved);
    EXPECT_EQ(table.find(a), 3);
    EXPECT_EQ(table.moves(), 1U);
    EXPECT_EQ(table.size(), 2U);
    table.forget_port(3);
    EXPECT_EQ(table.find(a), std::nullopt);
    EXPECT_EQ(table.size(), 0U);
}

TEST(MacTable, AgesWhoIsNotSeen) {
    MacTable table(100);
    table.learn(a, 1);
    table.learn(b, 2);
    for (std::uint32_t step = 0; step < 10 * MacTable::lifetime_steps; ++step) {
        table.step();
        EXPECT_EQ(table.learn(b, 2), MacTable::Learned::known);
        EXPECT_EQ(table.find(a).has_value(), step < MacTable::lifetime_steps) << step;
    }
    EXPECT_EQ(table.size(), 1U);
}

TEST(MacTable, StopsAtItsLimit) {
    MacTable table(1000);
    std::uint32_t added = 0;
    for (Address i = 1; i <= 5000; ++i)
        added += table.learn(i << 8, 1) == MacTable::Learned::added ? 1 : 0;
    EXPECT_EQ(added, 1000U);
    EXPECT_EQ(table.size(), 1000U);
    EXPECT_EQ(table.refusals(), 4000U);
}

// Addresses of real networks differ in few bits: those of ports of a fabric, of one maker's cards.
class Filling : public testing::TestWithParam<int> {};

TEST_P(Filling, NearlyAllFit) {
    MacTable table(8192);
    std::map<Address, std::uint16_t> all;
    for (std::uint32_t i = 0; i < 8192; ++i) {
        const Address ends = Address{i & 0xff} << 40 | Address{i >> 8} << 32;
        const Address address = GetParam() == 0 ? (ends | 0x003e'fa02) : Address{i} << 1;
        if (table.learn(address, static_cast<std::uint16_t>(i % 32)) == MacTable::Learned::added)
            all[address] = static_cast<std::uint16_t>(i % 32);
    }
    EXPECT_GT(all.size(), 8150U);
    for (const auto& [address, port] : all)
        ASSERT_EQ(table.find(address), port);
    std::size_t seen = 0;
    table.each([&](Address address, std::uint16_t port, std::uint32_t steps) {
        ++seen;
        EXPECT_EQ(all.at(address), port);
        EXPECT_EQ(steps, 0U);
    });
    EXPECT_EQ(seen, all.size());
}

INSTANTIATE_TEST_SUITE_P(, Filling, testing::Values(0, 1));

TEST(MacTable, EverySizeWorks) {
    for (const std::uint32_t size : {1U, 2U, 3U, 7U, 100U, 65536U}) {
        MacTable table(size);
        EXPECT_EQ(table.learn(a, 31), MacTable::Learned::added) << size;
        EXPECT_EQ(table.find(a), 31) << size;
    }
}

// Two learn, one looks, one ages: nobody is ever found where nobody put him.
TEST(MacTableThreads, ShareIt) {
    MacTable table(64);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::uint16_t worker = 0; worker < 2; ++worker) {
        threads.emplace_back([&table, &stop, worker] {
            std::mt19937 random(worker);
            while (!stop.load(std::memory_order_relaxed)) {
                const Address address = Address{random() % 128 + 1} << 8;
                table.learn(address, static_cast<std::uint16_t>((address >> 8) % 8 + worker * 8));
            }
        });
    }
    threads.emplace_back([&table, &stop] {
        while (!stop.load(std::memory_order_relaxed)) {
            table.step();
            table.forget_port(3);
        }
    });
    std::mt19937 random(99);
    for (int i = 0; i < 200'000; ++i) {
        const Address address = Address{random() % 128 + 1} << 8;
        const auto port = table.find(address);
        if (port) {
            ASSERT_EQ(*port % 8, (address >> 8) % 8);
        }
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    table.clear();
    EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace famez::fwd
