// SPDX-License-Identifier: BSD-3-Clause
// How large things are, and how long they take.
#pragma once

#include <chrono>
#include <cstdint>

#include <rte_mbuf.h>

namespace famez::probe {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t burst = 32;
constexpr std::uint16_t jumbo = 9000;  // bytes of a frame
constexpr std::uint16_t large_room = 9216 + RTE_PKTMBUF_HEADROOM;
constexpr std::uint16_t small_frame = 1000;
constexpr std::uint16_t small_room = 1792 + RTE_PKTMBUF_HEADROOM;

constexpr std::chrono::seconds patience{20};
constexpr std::chrono::milliseconds ticks{200};  // a few of the port's ticks

}  // namespace famez::probe
