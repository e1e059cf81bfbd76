// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at queues: how full they are, where to wait for the next packet, which code serves them.
#pragma once

#include <cstdint>

#include <ethdev_driver.h>

namespace famez::pmd {

// When the port starts and its memory type is known.
void set_queue_looks(rte_eth_dev* dev);

void rxq_info_get(rte_eth_dev* dev, std::uint16_t queue, rte_eth_rxq_info* info);
void txq_info_get(rte_eth_dev* dev, std::uint16_t queue, rte_eth_txq_info* info);
int rx_burst_mode_get(rte_eth_dev* dev, std::uint16_t queue, rte_eth_burst_mode* mode);
int tx_burst_mode_get(rte_eth_dev* dev, std::uint16_t queue, rte_eth_burst_mode* mode);
int get_monitor_addr(void* queue, rte_power_monitor_cond* condition);

}  // namespace famez::pmd
