// SPDX-License-Identifier: BSD-3-Clause
//
// The messages that flood sends and listen --verify counts: "flood 3 of 1000", filled up with dots.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famez::client {

struct Numbered {
    std::uint64_t number;  // from 1
    std::uint64_t of;
};

// At least `size` bytes long.
std::string numbered_text(Numbered numbered, std::size_t size);
std::optional<Numbered> parse_numbered(std::string_view message);

// What has come from one sender.
class Sequence {
  public:
    using Clock = std::chrono::steady_clock;

    // Number 1 behind a whole run begins a new one, and the counts go on.
    void count(Numbered numbered, Clock::time_point now);

    [[nodiscard]] std::uint64_t received() const { return received_; }
    // Numbers left out. Those that were still to come count as soon as `ended`.
    [[nodiscard]] std::uint64_t lost(bool ended) const;
    // Numbers that had been passed already.
    [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }
    // From the first to the last.
    [[nodiscard]] double rate() const;

  private:
    std::uint64_t received_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t next_ = 1;
    std::uint64_t of_ = 0;
    Clock::time_point first_{};
    Clock::time_point last_{};
};

}  // namespace famez::client
