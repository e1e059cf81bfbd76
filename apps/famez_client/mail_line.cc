// SPDX-License-Identifier: BSD-3-Clause
#include "mail_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace famez::client {
namespace {

// Of the character that `text` begins with, if it is one of several bytes and no control character.
std::size_t utf8_bytes(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (bytes == 0 || first > 0xf4 || text.size() < bytes) return 0;
    for (std::size_t i = 1; i < bytes; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    return first == 0xc2 && byte(1) < 0xa0 ? 0 : bytes;  // U+0080 to U+009F
}

}  // namespace

std::string printable(std::string_view text) {
    // Whether the terminal reads UTF-8; else a byte above 127 can be a control character.
    const bool utf8 = MB_CUR_MAX > 1;
    std::string clean;
    while (!text.empty()) {
        const std::size_t bytes = utf8 ? utf8_bytes(text) : 0;
        const char first = text.front();
        if (bytes != 0) {
            clean += text.substr(0, bytes);
        } else {
            clean.push_back((first >= ' ' && first <= '~') || first == '\n' ? first : '?');
        }
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return clean;
}

std::string mail_line(Session& session, const Mail& mail, bool json) {
    const MailText message = split_hops(mail.message);
    if (json) {
        nlohmann::json object = {{"from", mail.from},
                                 {"node", session.mailbox().look(mail.from).node_name},
                                 {"text", message.text}};
        if (message.hops) object["hops"] = *message.hops;
        // Bytes that are no UTF-8 come as U+FFFD.
        return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    }
    std::string text = printable(message.text);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return fmt::format("{}: {}", session.name_of(mail.from), text);
}

}  // namespace famez::client
