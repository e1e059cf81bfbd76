// SPDX-License-Identifier: BSD-3-Clause
#include "targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include <famez/error.h>

namespace famez::client {
namespace {

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t id = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, id, hexadecimal ? 16 : 10);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return id;
}

std::vector<std::uint32_t> inhabited(const Mailbox& mailbox) {
    std::vector<std::uint32_t> ids;
    for (std::uint32_t id = 1; id <= mailbox.server_id(); ++id) {
        if (!mailbox.look(id).node_name.empty()) ids.push_back(id);
    }
    return ids;
}

}  // namespace

std::vector<std::uint32_t> resolve_target(const std::string& target, const Mailbox& mailbox) {
    if (const auto id = parse_id(target)) {
        if (*id >= 1 && *id <= mailbox.server_id()) return {static_cast<std::uint32_t>(*id)};
        throw FabricError(
            fmt::format("there is no id {}: they are 1 to {}", target, mailbox.server_id()));
    }
    const std::string word = lower_case(target);
    if (word == "server" || word == "switch") return {mailbox.server_id()};
    std::vector<std::uint32_t> ids = inhabited(mailbox);
    if (word == "all") return ids;
    if (word == "others") {
        std::erase(ids, mailbox.id());
        if (ids.empty()) throw FabricError("nobody else is here");
        return ids;
    }
    for (const std::uint32_t id : ids) {
        if (mailbox.look(id).node_name == target) return {id};
    }
    throw FabricError(fmt::format("nobody here is named {}: 'who' tells who is", target));
}

std::uint32_t resolve_one(const std::string& target, const Mailbox& mailbox) {
    const auto ids = resolve_target(target, mailbox);
    if (ids.size() == 1) return ids.front();
    throw FabricError(fmt::format("{} are {}, and this goes to one", target, ids.size()));
}

std::vector<std::string> target_words(const Mailbox& mailbox) {
    std::vector<std::string> words = {"all", "others", "server", "switch"};
    for (const std::uint32_t id : inhabited(mailbox))
        words.push_back(mailbox.look(id).node_name);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
}

}  // namespace famez::client
