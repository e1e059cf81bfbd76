// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <famez/mail_text.h>

namespace famez {
namespace {

constexpr std::array<std::string_view, 2> counters = {"!EZT=", "!FZT="};

}  // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

MailText split_hops(std::string_view message) {
    for (const std::string_view counter : counters) {
        const auto found = message.rfind(counter);
        if (found == std::string_view::npos) continue;
        const auto hops = parse_number(trim(message.substr(found + counter.size())));
        if (hops && *hops <= UINT32_MAX) {
            return {message.substr(0, found), static_cast<std::uint32_t>(*hops)};
        }
    }
    return {message, std::nullopt};
}

std::string with_hops(std::string_view text, std::uint32_t hops, MailDialect dialect) {
    return fmt::format("{}{}{}", text, counters[dialect == MailDialect::with_class ? 0 : 1], hops);
}

std::map<std::string, std::string, std::less<>> parse_pairs(std::string_view text) {
    std::map<std::string, std::string, std::less<>> pairs;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view word = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        pairs.insert_or_assign(std::string(trim(word.substr(0, equals))),
                               std::string(trim(word.substr(equals + 1))));
    }
    return pairs;
}

}  // namespace famez
