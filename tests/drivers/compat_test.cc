// SPDX-License-Identifier: BSD-3-Clause
//
// The shims for other versions of DPDK than the one that is installed.
#include <gtest/gtest.h>

#include <cstdint>

#include "../../drivers/famez_pmd/compat_device.h"
#include "../../drivers/famez_pmd/compat_stats.h"

namespace famez::pmd {

// In the driver it reads the port's counters.
void stats_of_port(rte_eth_dev* /*dev*/, rte_eth_stats* stats) {
    stats->ipackets = 1;
    stats->opackets = 2;
    stats->ibytes = 3;
    stats->obytes = 4;
}

std::uint32_t queues_of(rte_eth_dev* /*dev*/) {
    return 2;
}

QueueStats stats_of_queue(rte_eth_dev* /*dev*/, std::uint32_t queue) {
    return {queue + 1, queue + 3, queue + 2, queue + 4};
}

namespace {

// As a third parameter of stats_get has it, whatever its type is called.
struct QueueCounts {
    std::uint64_t q_ipackets[2];
    std::uint64_t q_opackets[2];
    std::uint64_t q_ibytes[2];
    std::uint64_t q_obytes[2];
};

using GetWithQueues = int (*)(rte_eth_dev*, rte_eth_stats*, QueueCounts*);

TEST(CompatStats, fills_the_counts_by_queue) {
    const GetWithQueues get = stats_get;
    rte_eth_stats stats{};
    QueueCounts queues{};
    EXPECT_EQ(get(nullptr, &stats, &queues), 0);
    EXPECT_EQ(stats.obytes, 4U);
    for (unsigned i = 0; i < 2; ++i) {
        EXPECT_EQ(queues.q_ipackets[i], i + 1);
        EXPECT_EQ(queues.q_opackets[i], i + 2);
        EXPECT_EQ(queues.q_ibytes[i], i + 3);
        EXPECT_EQ(queues.q_obytes[i], i + 4);
    }
}

TEST(CompatStats, counts_by_queue_need_not_be_asked_for) {
    const GetWithQueues get = stats_get;
    rte_eth_stats stats{};
    EXPECT_EQ(get(nullptr, &stats, nullptr), 0);
    EXPECT_EQ(stats.ipackets, 1U);
}

TEST(CompatStats, is_what_the_installed_dpdk_asks_for) {
    eth_dev_ops ops{};
    ops.stats_get = stats_get;
    EXPECT_NE(ops.stats_get, nullptr);
}

TEST(CompatDevice, finds_the_pci_device_of_an_ethdev) {
    rte_pci_device device{};
    rte_eth_dev dev{};
    dev.device = &device.device;
    EXPECT_EQ(&pci_device_of(dev), &device);
}

}  // namespace
}  // namespace famez::pmd
