// SPDX-License-Identifier: BSD-3-Clause
//
// RX interrupts: doorbells, for an application that sleeps when its queues are idle.
#pragma once

#include <cstdint>

#include <ethdev_driver.h>

namespace famez::pmd {

// Before the port is up. With intr_conf.rxq, the port's doorbells become its queues' interrupts,
// and the other ports learn that it may sleep; without, that it always polls. False, with a line in
// the log, when there are no doorbells.
bool start_interrupts(rte_eth_dev* dev);
void stop_interrupts(rte_eth_dev* dev);

// Go to sleep and wake up, in the words of the ethdev API.
int rx_queue_intr_enable(rte_eth_dev* dev, std::uint16_t queue);
int rx_queue_intr_disable(rte_eth_dev* dev, std::uint16_t queue);

}  // namespace famez::pmd
