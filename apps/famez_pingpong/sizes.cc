// SPDX-License-Identifier: BSD-3-Clause
#include "sizes.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace famez::pingpong {
namespace {

std::uint32_t parse_one(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && rest + 1 == end && (*rest == 'K' || *rest == 'k')) {
        value = value > max_frame ? value : value * 1024;
        ++rest;
    }
    if (error != std::errc{} || rest != end) {
        throw std::invalid_argument(
            fmt::format("--size: '{}' is not a size; give bytes such as 64 or 9K", text));
    }
    // 64K is what people ask for and one byte too much.
    if (value == max_frame + 1) value = max_frame;
    if (value < min_frame || value > max_frame) {
        throw std::invalid_argument(fmt::format(
            "--size: {} is out of range; a frame has {} to {} bytes, of which {} are the Ethernet "
            "header",
            value, min_frame, max_frame, ether_header));
    }
    return static_cast<std::uint32_t>(value);
}

void parse_range(std::string_view text, std::vector<SizeRange>& into) {
    constexpr std::string_view mixed_suffix = ":mixed";
    const bool mixed = text.ends_with(mixed_suffix);
    if (mixed) text.remove_suffix(mixed_suffix.size());
    const auto dash = text.find('-');
    const SizeRange range{parse_one(text.substr(0, dash)),
                          parse_one(dash == text.npos ? text : text.substr(dash + 1))};
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

std::vector<SizeRange> parse_sizes(std::string_view text) {
    std::vector<SizeRange> ranges;
    for (;;) {
        const auto comma = text.find(',');
        parse_range(text.substr(0, comma), ranges);
        if (comma == text.npos) return ranges;
        text.remove_prefix(comma + 1);
    }
}

std::string to_string(SizeRange range) {
    return range.mixed() ? fmt::format("{}-{}", range.min, range.max)
                         : fmt::format("{}", range.min);
}

}  // namespace famez::pingpong
