// SPDX-License-Identifier: BSD-3-Clause
//
// Private counters: written by the one thread that owns the queue, read by any (statistics, the
// mirror in the port table). Names and meanings as in layout::PortCounters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <famez/memory.h>

namespace famez {

// Not an atomic addition: there is one writer. It costs what a plain one does.
[[gnu::always_inline]] inline void add(std::uint64_t& counter, std::uint64_t amount) {
    store_relaxed(counter, load_relaxed(counter) + amount);
}

// Each set on lines of its own: the queues of a port have different threads.
struct alignas(64) TxCounters {
    static constexpr std::size_t words = 16;

    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lost_in_flight = 0;
    std::uint64_t no_port_dropped = 0;
    std::uint64_t stalled_dropped = 0;
    std::uint64_t flood_dropped = 0;
    std::uint64_t invalid_dropped = 0;
    std::uint64_t full = 0;
    std::uint64_t lanes_requested = 0;
    std::uint64_t lanes_opened = 0;
    std::uint64_t lanes_lost = 0;
    std::uint64_t doorbells = 0;
    std::uint64_t references = 0;
    std::uint64_t reference_bytes = 0;
    std::uint64_t credits_ignored = 0;
    std::uint64_t unsummed = 0;
};

struct alignas(64) RxCounters {
    static constexpr std::size_t words = 13;

    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t no_buffer = 0;
    std::uint64_t too_long = 0;
    std::uint64_t lane_poisoned = 0;
    std::uint64_t lanes_granted = 0;
    std::uint64_t lanes_refused = 0;
    std::uint64_t rings_held = 0;
    std::uint64_t doorbells = 0;
    std::uint64_t sleeps = 0;
    std::uint64_t references = 0;
    std::uint64_t reference_bytes = 0;
    std::uint64_t unsummed = 0;
};
static_assert(offsetof(TxCounters, unsummed) == (TxCounters::words - 1) * sizeof(std::uint64_t));
static_assert(offsetof(RxCounters, unsummed) == (RxCounters::words - 1) * sizeof(std::uint64_t));

// Of a port with several queues. Any thread.
template <class Counters>
Counters sum_of(std::span<Counters> queues) {
    Counters sum;
    auto* to = reinterpret_cast<std::uint64_t*>(&sum);
    for (Counters& queue : queues) {
        auto* from = reinterpret_cast<std::uint64_t*>(&queue);
        for (std::size_t i = 0; i < Counters::words; ++i)
            to[i] += load_relaxed(from[i]);
    }
    return sum;
}

}  // namespace famez
