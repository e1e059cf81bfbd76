// SPDX-License-Identifier: BSD-3-Clause
#include "counters.h"

#include <numeric>

namespace famez::fwd {

const char* to_string(Drop reason) {
    switch (reason) {
        case Drop::full:
            return "full";
        case Drop::stalled:
            return "stalled";
        case Drop::same_port:
            return "same_port";
        case Drop::no_route:
            return "no_route";
        case Drop::by_route:
            return "by_route";
        case Drop::flood_limited:
            return "flood_limited";
        case Drop::flood_full:
            return "flood_full";
        case Drop::no_memory:
            return "no_memory";
        case Drop::runt:
            return "runt";
        case Drop::too_long:
            return "too_long";
        case Drop::lost:
            return "lost";
        case Drop::held_full:
            return "held_full";
        case Drop::at_end:
            return "at_end";
    }
    return "?";
}

void Totals::add(const Counters& counters) {
    received += counters.received.load(std::memory_order_relaxed);
    sent += counters.sent.load(std::memory_order_relaxed);
    copies += counters.copies.load(std::memory_order_relaxed);
    flooded += counters.flooded.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < drop_reasons; ++i)
        drops[i] += counters.drops[i].load(std::memory_order_relaxed);
}

void Totals::add(const Totals& other) {
    received += other.received;
    sent += other.sent;
    copies += other.copies;
    flooded += other.flooded;
    for (std::size_t i = 0; i < drop_reasons; ++i)
        drops[i] += other.drops[i];
}

std::uint64_t Totals::dropped() const {
    return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

}  // namespace famez::fwd
