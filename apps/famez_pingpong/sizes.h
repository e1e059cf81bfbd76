// SPDX-License-Identifier: BSD-3-Clause
// Frame sizes: what --size means, and the size of each message when sizes are mixed.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace famez::pingpong {

inline constexpr std::uint32_t ether_header = 14;
inline constexpr std::uint32_t min_frame = ether_header + 1;  // one byte of payload
inline constexpr std::uint32_t max_frame = 65535;             // mbuf lengths and MTUs are 16 bits
// Of the fabric's own API: half of the largest ring less what the record needs.
inline constexpr std::uint32_t max_message = (8U << 20) - 24;

constexpr std::uint32_t exponent_of(std::uint32_t value) {
    return static_cast<std::uint32_t>(std::bit_width(value | 1)) - 1;
}

// log2 in 16.16 fixed point, straight between powers of two. Both ends must agree to the byte, so
// no floating point, whose last bit may differ from one machine to the other.
constexpr std::uint32_t log2_fixed(std::uint32_t value) {
    const std::uint32_t exponent = exponent_of(value);
    const auto rest = static_cast<std::uint64_t>(value) - (std::uint64_t{1} << exponent);
    return (exponent << 16) | static_cast<std::uint32_t>((rest << 16) >> exponent);
}

constexpr std::uint32_t exp2_fixed(std::uint32_t log) {
    const std::uint32_t exponent = log >> 16;
    const std::uint64_t rest = log & 0xffff;
    return (std::uint32_t{1} << exponent) + static_cast<std::uint32_t>((rest << exponent) >> 16);
}

// The sizes of one run: all the same (min == max), or drawn for each message from its sequence
// number, about evenly over the logarithm, so that both ends know the size of every message.
struct SizeRange {
    std::uint32_t min = 64;
    std::uint32_t max = 64;

    [[nodiscard]] constexpr bool mixed() const { return min != max; }
    bool operator==(const SizeRange&) const = default;
};

// The size of every message of a stream, with what does not change worked out once.
class SizePlan {
  public:
    constexpr explicit SizePlan(SizeRange range = {})
        : range_(range),
          low_(log2_fixed(range.min)),
          // The whole last step belongs to max, so that it is drawn too.
          span_(log2_fixed(range.max) - low_ + (0x10000U >> exponent_of(range.max))) {}

    [[nodiscard]] constexpr SizeRange range() const { return range_; }

    [[nodiscard]] constexpr std::uint32_t size_of(std::uint64_t sequence) const {
        if (!range_.mixed()) return range_.min;
        std::uint64_t hash = (sequence + 1) * 0x9E3779B97F4A7C15U;
        hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93U;
        const auto log = low_ + static_cast<std::uint32_t>(((hash >> 32) * span_) >> 32);
        const std::uint32_t size = exp2_fixed(log);
        return size < range_.min ? range_.min : (size > range_.max ? range_.max : size);
    }

  private:
    SizeRange range_;
    std::uint32_t low_;
    std::uint32_t span_;
};

// "64", "9K", "1M", "64,512,9K", "64-4K" (doubling from 64 to 4K), "15-9K:mixed"; also lists of
// these. Throws std::invalid_argument with one line for the user.
std::vector<SizeRange> parse_sizes(std::string_view text, std::uint32_t largest = max_frame);

// "64" or "15-9216": the way that tables and logs show a range.
std::string to_string(SizeRange range);

}  // namespace famez::pingpong
