// SPDX-License-Identifier: BSD-3-Clause
#include "impairment_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "values.h"

namespace famez::fwd {
namespace {

struct Unit {
    std::string_view name;
    double multiply;
    double divide;
};

// The first with a factor of 1 is what the number is kept in.
constexpr Unit times[] = {{"us", 1, 1}, {"ms", 1e3, 1}, {"s", 1e6, 1}, {"ns", 1, 1e3}};
constexpr Unit rates[] = {{"", 1, 1},    {"K", 1e3, 1}, {"M", 1e6, 1}, {"G", 1e9, 1},
                          {"k", 1e3, 1}, {"m", 1e6, 1}, {"g", 1e9, 1}};
constexpr Unit fractions[] = {{"", 1, 1}, {"%", 1, 100}};

constexpr double max_time_us = 3600e6;
constexpr double max_rate_bps = 1e13;

std::optional<double> scaled(std::string_view text, std::span<const Unit> units) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (unit.name == name) return value * unit.multiply / unit.divide;
    }
    return std::nullopt;
}

// The shortest text that is read as the same number.
std::string unscaled(double value, std::span<const Unit> units) {
    std::string best = fmt::format("{}{}", value, units.front().name);
    for (const Unit& unit : units) {
        const std::string text =
            fmt::format("{:.12g}{}", value * unit.divide / unit.multiply, unit.name);
        if (text.size() < best.size() && scaled(text, units) == value) best = text;
    }
    return best;
}

double parse_scaled(std::string_view text, std::span<const Unit> units, Range<double> range,
                    const char* wanted) {
    const std::optional<double> value = scaled(text, units);
    if (!value || !range.contains(*value)) {
        throw std::invalid_argument(fmt::format("'{}' is not {}", text, wanted));
    }
    return *value;
}

double parse_time(std::string_view text) {
    return parse_scaled(text, times, {0, max_time_us},
                        "a time of up to an hour with its unit: 100ns, 50us, 5ms, 1s");
}
double parse_rate(std::string_view text) {
    return parse_scaled(text, rates, {1, max_rate_bps},
                        "a rate in bits a second from 1 to 10000G: 64K, 100M, 2.5G");
}
double parse_fraction(std::string_view text) {
    return parse_scaled(text, fractions, {0, 1},
                        "a part of the frames, from 0 to 1 or 0% to 100%: 1%, 0.01");
}
std::uint32_t parse_frames(std::string_view text) {
    return parse_number(text, Range<std::uint32_t>{1, max_held_frames});
}

struct Key {
    std::string_view name;
    void (*set)(Impairment&, std::string_view);
    std::string (*text)(const Impairment&);
};

constexpr std::array keys = {
    Key{"delay", [](Impairment& i, std::string_view text) { i.delay_us = parse_time(text); },
        [](const Impairment& i) { return unscaled(i.delay_us, times); }},
    Key{"jitter", [](Impairment& i, std::string_view text) { i.jitter_us = parse_time(text); },
        [](const Impairment& i) { return unscaled(i.jitter_us, times); }},
    Key{"rate", [](Impairment& i, std::string_view text) { i.rate_bps = parse_rate(text); },
        [](const Impairment& i) { return unscaled(i.rate_bps, rates); }},
    Key{"loss", [](Impairment& i, std::string_view text) { i.loss = parse_fraction(text); },
        [](const Impairment& i) { return unscaled(i.loss, fractions); }},
    Key{"duplicate",
        [](Impairment& i, std::string_view text) { i.duplicate = parse_fraction(text); },
        [](const Impairment& i) { return unscaled(i.duplicate, fractions); }},
    Key{"reorder", [](Impairment& i, std::string_view text) { i.reorder = parse_fraction(text); },
        [](const Impairment& i) { return unscaled(i.reorder, fractions); }},
    Key{"reorder-by",
        [](Impairment& i, std::string_view text) { i.reorder_by = parse_frames(text); },
        [](const Impairment& i) { return fmt::format("{}", i.reorder_by); }},
    Key{"limit", [](Impairment& i, std::string_view text) { i.limit = parse_frames(text); },
        [](const Impairment& i) { return fmt::format("{}", i.limit); }},
};

const Key& key_of(std::string_view name) {
    const auto* const key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return one.name == name; });
    if (key == keys.end()) {
        throw std::invalid_argument(
            fmt::format("'{}' is none of delay, jitter, rate, loss, duplicate, reorder, reorder-by "
                        "and limit, each as delay=5ms",
                        name));
    }
    return *key;
}

// What would be accepted and then do something else than was meant.
void check(const Impairment& impairment) {
    if (impairment.jitter_us > impairment.delay_us) {
        throw std::invalid_argument(
            "jitter is more than delay: a frame cannot arrive before it was sent");
    }
    if (impairment.reorder_by > 1 && impairment.reorder == 0) {
        throw std::invalid_argument("reorder-by without reorder: say how many, as reorder=2%");
    }
    if (impairment.reorder_by > impairment.limit) {
        throw std::invalid_argument("reorder-by is more than limit, the frames that are held");
    }
    if (!impairment.any() && impairment.limit != Impairment{}.limit) {
        throw std::invalid_argument("limit alone: nothing holds frames");
    }
}

}  // namespace

Impairment parse_impairment(std::string_view text) {
    Impairment impairment;
    if (text == "none") return impairment;
    std::vector<const Key*> seen;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        more = comma != std::string_view::npos;
        const std::string_view item = text.substr(0, comma);
        text.remove_prefix(more ? comma + 1 : text.size());
        const std::size_t equals = item.find('=');
        const Key& key = key_of(item.substr(0, equals));
        if (std::find(seen.begin(), seen.end(), &key) != seen.end()) {
            throw std::invalid_argument(fmt::format("{} is given twice", key.name));
        }
        seen.push_back(&key);
        if (equals == std::string_view::npos) {
            throw std::invalid_argument(fmt::format("{} has no value: {}=...", key.name, key.name));
        }
        try {
            key.set(impairment, item.substr(equals + 1));
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument(fmt::format("{}: {}", key.name, error.what()));
        }
    }
    check(impairment);
    return impairment;
}

std::string to_text(const Impairment& impairment) {
    const Impairment none;
    std::vector<std::string> items;
    for (const Key& key : keys) {
        const std::string text = key.text(impairment);
        if (text != key.text(none)) items.push_back(fmt::format("{}={}", key.name, text));
    }
    return items.empty() ? "none" : fmt::format("{}", fmt::join(items, ","));
}

}  // namespace famez::fwd
