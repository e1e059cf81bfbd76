// SPDX-License-Identifier: BSD-3-Clause
#include "message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

namespace famez::bridge {
namespace {

// Gen-Z ids as a managing server gives them.
constexpr std::int64_t subnet = 27;
constexpr std::int64_t cid_step = 100;
constexpr std::size_t target_max = 32;
constexpr std::array<std::string_view, 4> words_for_server = {"server", "switch", "link",
                                                              "interface"};

// As in C: 0x.. is hexadecimal, 0.. octal; a sign is allowed, and nothing behind.
std::optional<std::int64_t> parse_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text.starts_with('0')) {
        base = 8;
    }
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || stop != end) return std::nullopt;
    return negative ? -std::int64_t{value} : std::int64_t{value};
}

// An id, or a negative errno.
std::int64_t parse_target(std::string_view text, std::uint32_t server_id) {
    if (std::find(words_for_server.begin(), words_for_server.end(), text) !=
        words_for_server.end()) {
        return server_id;
    }
    const std::size_t comma = text.find(',');
    const auto number = parse_number(text.substr(0, comma));
    if (!number) return -EINVAL;
    std::int64_t id = *number;
    if (comma != std::string_view::npos) {
        const auto sid = parse_number(text.substr(comma + 1));
        if (!sid) return -EINVAL;
        if (*sid != subnet) return -ENETUNREACH;
        id /= cid_step;
    }
    return id >= 1 && id <= server_id ? id : -EBADSLT;
}

}  // namespace

std::variant<Letter, int> parse_written(std::string_view text, std::uint32_t server_id) {
    if (text.size() > payload_max + target_max) return -E2BIG;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return -EBADMSG;
    const std::int64_t id = parse_target(text.substr(0, colon), server_id);
    if (id < 0) return static_cast<int>(id);
    const std::string_view payload = text.substr(colon + 1);
    if (payload.empty()) return -ENODATA;
    if (payload.size() > payload_max) return -E2BIG;
    return Letter{static_cast<std::uint32_t>(id), payload};
}

std::string format_read(std::uint64_t cid, std::uint64_t sid, std::string_view payload) {
    return fmt::format("{},{}:{}", cid, sid, payload);
}

}  // namespace famez::bridge
