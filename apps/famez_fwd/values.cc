// SPDX-License-Identifier: BSD-3-Clause
#include "values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace famez::fwd {
namespace {

constexpr std::pair<std::string_view, Mode> modes[] = {{"io", Mode::io},
                                                       {"macswap", Mode::macswap},
                                                       {"switch", Mode::bridge},
                                                       {"route", Mode::route},
                                                       {"hub", Mode::hub}};

}  // namespace

const char* to_string(Mode mode) {
    for (const auto& [name, known] : modes) {
        if (known == mode) return name.data();
    }
    return "?";
}

template <typename T>
T parse_number(std::string_view text, Range<T> range) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end || !range.contains(value)) {
        throw std::invalid_argument(fmt::format("'{}' is not {}", text, to_text(range)));
    }
    return value;
}
template double parse_number(std::string_view, Range<double>);
template std::uint32_t parse_number(std::string_view, Range<std::uint32_t>);
template std::uint64_t parse_number(std::string_view, Range<std::uint64_t>);

Mode parse_mode(std::string_view text) {
    for (const auto& [name, mode] : modes) {
        if (name == text) return mode;
    }
    throw std::invalid_argument(
        fmt::format("'{}' is none of io, macswap, switch, route and hub", text));
}

WhenFull parse_when_full(std::string_view text) {
    if (text == "wait") return WhenFull::wait;
    if (text == "drop") return WhenFull::drop;
    throw std::invalid_argument(fmt::format("'{}' is neither wait nor drop", text));
}

void check_core(unsigned core, const std::vector<unsigned>& others) {
    if (std::find(others.begin(), others.end(), core) != others.end()) {
        throw std::invalid_argument(fmt::format("{} is given twice", core));
    }
}

std::vector<unsigned> parse_cores(std::string_view text) {
    std::vector<unsigned> cores;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        more = comma != std::string_view::npos;
        const std::string_view item = text.substr(0, comma);
        text.remove_prefix(more ? comma + 1 : text.size());
        const std::size_t dash = item.find('-', 1);
        const unsigned first = parse_number(item.substr(0, dash), limits::core);
        const unsigned last = dash == std::string_view::npos
                                  ? first
                                  : parse_number(item.substr(dash + 1), limits::core);
        if (last < first) {
            throw std::invalid_argument(fmt::format("'{}' ends before it begins", item));
        }
        for (unsigned core = first; core <= last; ++core) {
            check_core(core, cores);
            cores.push_back(core);
        }
    }
    return cores;
}

std::uint64_t parse_flood_rate(std::string_view text) {
    if (text == "off") return 0;
    std::uint64_t factor = 1;
    std::string_view digits = text;
    if (text.ends_with('K') || text.ends_with('k')) factor = 1'000;
    if (text.ends_with('M') || text.ends_with('m')) factor = 1'000'000;
    if (factor > 1) digits.remove_suffix(1);
    const Range<std::uint64_t> range{limits::flood_rate.min, limits::flood_rate.max / factor};
    try {
        return parse_number(digits, range) * factor;
    } catch (const std::invalid_argument&) {
        throw std::invalid_argument(
            fmt::format("'{}' is neither {} (K and M may follow), nor off: no limit", text,
                        to_text(limits::flood_rate)));
    }
}

}  // namespace famez::fwd
