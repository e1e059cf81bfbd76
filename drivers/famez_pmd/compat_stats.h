// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK 25.11 changed in statistics: before, the counts by queue are fields of rte_eth_stats;
// since then they are a structure of their own, a third parameter of eth_dev_ops::stats_get that is
// null when nobody asks for them.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ethdev_driver.h>

namespace famez::pmd {

// stats.cc: what is the same in every version.
void stats_of_port(rte_eth_dev* dev, rte_eth_stats* stats);

struct QueueStats {
    std::uint64_t ipackets;
    std::uint64_t ibytes;
    std::uint64_t opackets;
    std::uint64_t obytes;
};
// How many queues there are, of the way that has more, and the statistics of the RX and the TX
// queue of one number.
std::uint32_t queues_of(rte_eth_dev* dev);
QueueStats stats_of_queue(rte_eth_dev* dev, std::uint32_t queue);

// DPDK has room for so many; the extended statistics have them all.
template <typename Queues>
void stats_of_queues(rte_eth_dev* dev, Queues* queues) {
    if (queues == nullptr) return;
    const std::uint32_t count =
        std::min<std::uint32_t>(queues_of(dev), RTE_ETHDEV_QUEUE_STAT_CNTRS);
    for (std::uint32_t i = 0; i < count; ++i) {
        const QueueStats queue = stats_of_queue(dev, i);
        queues->q_ipackets[i] = queue.ipackets;
        queues->q_ibytes[i] = queue.ibytes;
        queues->q_opackets[i] = queue.opackets;
        queues->q_obytes[i] = queue.obytes;
    }
}

// Assigned to eth_dev_ops::stats_get, it becomes the function that this DPDK has there.
template <typename... Queues>
int stats_get(rte_eth_dev* dev, rte_eth_stats* stats, Queues*... queues) {
    stats_of_port(dev, stats);
    if constexpr (sizeof...(queues) == 0) {
        stats_of_queues(dev, stats);
    } else {
        (stats_of_queues(dev, queues), ...);
    }
    return 0;
}

}  // namespace famez::pmd
