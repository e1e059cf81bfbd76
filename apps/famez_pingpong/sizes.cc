// SPDX-License-Identifier: BSD-3-Clause
#include "sizes.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace famez::pingpong {
namespace {

// 0: no unit.
std::uint64_t unit_of(char letter) {
    if (letter == 'K' || letter == 'k') return 1U << 10;
    if (letter == 'M' || letter == 'm') return 1U << 20;
    return 0;
}

std::uint32_t parse_one(std::string_view text, std::uint32_t largest) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && rest + 1 == end && unit_of(*rest) != 0) {
        value = value > largest ? value : value * unit_of(*rest);
        ++rest;
    }
    if (error != std::errc{} || rest != end) {
        throw std::invalid_argument(
            fmt::format("--size: '{}' is not a size; give bytes such as 64 or 9K", text));
    }
    // 64K (and 8M) is what people ask for and a little too much.
    if (value == std::bit_ceil(largest)) value = largest;
    if (value < min_frame || value > largest) {
        throw std::invalid_argument(fmt::format(
            "--size: {} is out of range; a {} has {} to {} bytes, of which {} are the Ethernet "
            "header{}",
            text, largest > max_frame ? "message" : "frame", min_frame, largest, ether_header,
            largest > max_frame ? "" : " (--api fabric takes larger ones)"));
    }
    return static_cast<std::uint32_t>(value);
}

void parse_range(std::string_view text, std::uint32_t largest, std::vector<SizeRange>& into) {
    constexpr std::string_view mixed_suffix = ":mixed";
    const bool mixed = text.ends_with(mixed_suffix);
    if (mixed) text.remove_suffix(mixed_suffix.size());
    const auto dash = text.find('-');
    const SizeRange range{parse_one(text.substr(0, dash), largest),
                          parse_one(dash == text.npos ? text : text.substr(dash + 1), largest)};
    if (range.min > range.max) {
        throw std::invalid_argument(
            fmt::format("--size: in '{}' the first size is the larger one", text));
    }
    if (mixed) {
        into.push_back(range);
        return;
    }
    for (std::uint32_t size = range.min; size < range.max; size *= 2)
        into.push_back({size, size});
    into.push_back({range.max, range.max});
}

}  // namespace

std::vector<SizeRange> parse_sizes(std::string_view text, std::uint32_t largest) {
    std::vector<SizeRange> ranges;
    for (;;) {
        const auto comma = text.find(',');
        parse_range(text.substr(0, comma), largest, ranges);
        if (comma == text.npos) return ranges;
        text.remove_prefix(comma + 1);
    }
}

std::string to_string(SizeRange range) {
    return range.mixed() ? fmt::format("{}-{}", range.min, range.max)
                         : fmt::format("{}", range.min);
}

}  // namespace famez::pingpong
