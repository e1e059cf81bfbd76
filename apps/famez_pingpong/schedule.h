// SPDX-License-Identifier: BSD-3-Clause
// When each message of an open loop (--rate) is due. Nothing of DPDK in here.
#pragma once

#include <cstdint>

namespace famez::pingpong {

// Message `first` is due at the start and each further one an interval later, whatever happened to
// those before it. Worked out afresh for each message, so that no error adds up.
class Schedule {
  public:
    Schedule() = default;
    explicit Schedule(double cycles_per_message) : interval_(cycles_per_message) {}

    void start(std::uint64_t now, std::uint64_t first) {
        start_ = now;
        first_ = first;
    }

    [[nodiscard]] std::uint64_t due(std::uint64_t sequence) const {
        return start_ +
               static_cast<std::uint64_t>(static_cast<double>(sequence - first_) * interval_);
    }

    // How many from `next` on are due by now, up to `most`.
    [[nodiscard]] std::uint32_t count_due(std::uint64_t now, std::uint64_t next,
                                          std::uint32_t most) const {
        if (now < due(next)) return 0;
        const double places = static_cast<double>(now - start_) / interval_;
        const std::uint64_t all = static_cast<std::uint64_t>(places) + 1;
        const std::uint64_t done = next - first_;
        // The quotient may be rounded the other way than the product of due().
        const std::uint64_t count = all > done ? all - done : 1;
        return count < most ? static_cast<std::uint32_t>(count) : most;
    }

  private:
    double interval_ = 0.0;
    std::uint64_t start_ = 0;
    std::uint64_t first_ = 0;
};

}  // namespace famez::pingpong
