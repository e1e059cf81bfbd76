// SPDX-License-Identifier: BSD-3-Clause
// What a single value may be, whether it comes from the command line or from the file.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config.h"

namespace famez::fwd {

template <typename T>
struct Range {
    T min;
    T max;
    // Not true for NaN.
    [[nodiscard]] constexpr bool contains(T value) const { return value >= min && value <= max; }
};

namespace limits {
inline constexpr Range<std::uint32_t> burst{1, max_burst};
inline constexpr Range<double> drain_us{0, 1e6};
inline constexpr Range<double> stall_ms{0, 3.6e6};
inline constexpr Range<double> idle_us{0, 60e6};
inline constexpr Range<std::uint32_t> rx_queues{1, 64};
inline constexpr Range<std::uint32_t> table_size{1, max_table_size};
inline constexpr Range<double> ageing_s{0.01, 1e9};
inline constexpr Range<std::uint64_t> flood_rate{1, 1'000'000'000};
inline constexpr Range<std::uint64_t> seed{0, std::numeric_limits<std::uint64_t>::max()};
inline constexpr Range<std::uint32_t> mtu{68, 65535 - 14};  // a frame's length has 16 bits
inline constexpr Range<std::uint32_t> mbufs{64, 1U << 24};
inline constexpr Range<double> duration_s{0.001, 1e9};
inline constexpr Range<double> interval_s{0.01, 1e6};
inline constexpr Range<unsigned> core{0, 1023};
}  // namespace limits

// "a whole number from 1 to 512"
template <typename T>
std::string to_text(Range<T> range) {
    return fmt::format("a {}number from {} to {}", std::is_integral_v<T> ? "whole " : "", range.min,
                       range.max);
}

// All of the text is a number, and in range. Throws std::invalid_argument.
template <typename T>
T parse_number(std::string_view text, Range<T> range);
extern template double parse_number(std::string_view, Range<double>);
extern template std::uint32_t parse_number(std::string_view, Range<std::uint32_t>);
extern template std::uint64_t parse_number(std::string_view, Range<std::uint64_t>);

// The following throw std::invalid_argument too.
Mode parse_mode(std::string_view text);
WhenFull parse_when_full(std::string_view text);
std::vector<unsigned> parse_cores(std::string_view text);  // "1,2", "1-3", "1-3,6"
void check_core(unsigned core, const std::vector<unsigned>& others);
std::uint64_t parse_flood_rate(std::string_view text);  // "5", "100K", "1M"; "off" is 0

}  // namespace famez::fwd
