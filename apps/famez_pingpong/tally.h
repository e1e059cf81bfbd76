// SPDX-License-Identifier: BSD-3-Clause
// What the hot loops count, and the clock that rates are taken from.
#pragma once

#include <cstdint>

#include "clock.h"

namespace famez::pingpong {

struct Tally {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // whole frames, the Ethernet header included

    // The clock starts behind the warm-up; what was counted until then is no part of a rate.
    std::uint64_t start_cycles = 0;
    std::uint64_t end_cycles = 0;
    std::uint64_t start_messages = 0;
    std::uint64_t start_bytes = 0;

    [[nodiscard]] bool clock_runs() const { return start_cycles != 0; }
    void start_clock() {
        start_cycles = end_cycles = now_cycles();
        start_messages = messages;
        start_bytes = bytes;
    }
    // 0 when nothing came behind the warm-up.
    [[nodiscard]] double seconds() const {
        return clock_runs() && end_cycles > start_cycles ? to_seconds(end_cycles - start_cycles)
                                                         : 0.0;
    }
    [[nodiscard]] double messages_per_second() const { return rate(messages - start_messages); }
    [[nodiscard]] double bits_per_second() const { return 8 * rate(bytes - start_bytes); }

  private:
    [[nodiscard]] double rate(std::uint64_t amount) const {
        const double time = seconds();
        return time > 0 ? static_cast<double>(amount) / time : 0.0;
    }
};

}  // namespace famez::pingpong
