// SPDX-License-Identifier: BSD-3-Clause
// What one worker counts at one port. Stored by that worker alone, read by whoever shows it.
//
// Over all ports and workers: received + copies = sent + all drops, once nothing is under way.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace famez::fwd {

enum class Drop : std::uint8_t {
    full,           // the port did not take it (--full drop)
    stalled,        // the port takes nothing for --stall-ms
    same_port,      // its destination is where it came from
    no_route,       // the table has no route for it, and no default
    by_route,       // the table says: drop
    flood_limited,  // --flood-rate
    flood_full,     // a copy for a port that had no room
    no_memory,      // no buffer for a copy
    runt,           // shorter than an Ethernet header
    too_long,       // longer than the MTU of the port it was for, which refuses it
    lost,           // impairment: loss
    held_full,      // impairment: more than its limit are held
    at_end,         // still waiting when the program ended
};

inline constexpr std::size_t drop_reasons = static_cast<std::size_t>(Drop::at_end) + 1;

const char* to_string(Drop reason);

using Count = std::atomic<std::uint64_t>;

// One thread writes: no locked operation is needed.
inline void add(Count& count, std::uint64_t n) {
    count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

struct alignas(64) Counters {
    Count received{0};
    Count sent{0};
    Count copies{0};   // made for floods and by the impairment "duplicate"
    Count flooded{0};  // frames of this port that went to all others
    std::array<Count, drop_reasons> drops{};

    void drop(Drop reason, std::uint64_t n) { add(drops[static_cast<std::size_t>(reason)], n); }
};

// The same as plain numbers, for sums and differences.
struct Totals {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t copies = 0;
    std::uint64_t flooded = 0;
    std::array<std::uint64_t, drop_reasons> drops{};

    void add(const Counters& counters);
    void add(const Totals& other);
    [[nodiscard]] std::uint64_t dropped() const;
};

}  // namespace famez::fwd
