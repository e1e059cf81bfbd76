// SPDX-License-Identifier: BSD-3-Clause
#include "mail_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace famez::client {

std::string printable(std::string_view text) {
    std::string clean(text);
    // Bytes above 127 may be UTF-8.
    std::replace_if(
        clean.begin(), clean.end(),
        [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7f; }, '?');
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
        return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    std::string text = printable(message.text);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return fmt::format("{}: {}", session.name_of(mail.from), text);
}

}  // namespace famez::client
