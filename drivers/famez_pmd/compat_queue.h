// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK 25.11 changed in queues: the count of what waits in one, uint32_t before, is an int
// since then.
#pragma once

#include <type_traits>

#include <ethdev_driver.h>

namespace famez::pmd {

using QueueCount = std::invoke_result_t<eth_rx_queue_count_t, void*>;

}  // namespace famez::pmd
