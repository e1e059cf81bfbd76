// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK 25.11 changed in statistics: before, the counts by queue are fields of rte_eth_stats;
// since then they are a structure of their own, a third parameter of eth_dev_ops::stats_get that is
// null when nobody asks for them.
#pragma once

#include <ethdev_driver.h>

namespace famez::pmd {

// stats.cc: what is the same in every version.
void stats_of_port(rte_eth_dev* dev, rte_eth_stats* stats);

// A port has one queue each way.
template <typename Queues>
void stats_of_queue(const rte_eth_stats& port, Queues* queues) {
    if (queues == nullptr) return;
    queues->q_ipackets[0] = port.ipackets;
    queues->q_ibytes[0] = port.ibytes;
    queues->q_opackets[0] = port.opackets;
    queues->q_obytes[0] = port.obytes;
}

// Assigned to eth_dev_ops::stats_get, it becomes the function that this DPDK has there.
template <typename... Queues>
int stats_get(rte_eth_dev* dev, rte_eth_stats* stats, Queues*... queues) {
    stats_of_port(dev, stats);
    if constexpr (sizeof...(queues) == 0) {
        stats_of_queue(*stats, stats);
    } else {
        (stats_of_queue(*stats, queues), ...);
    }
    return 0;
}

}  // namespace famez::pmd
