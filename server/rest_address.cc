// SPDX-License-Identifier: BSD-3-Clause
#include "rest_address.h"

#include <fmt/format.h>

#include <famez/mail_text.h>

namespace famez {

std::optional<RestAddress> parse_rest_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_number(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find_first_of(":[]") != std::string_view::npos) {
        return std::nullopt;  // where the address ends and the port begins is anybody's guess
    }
    if (host.empty() || !port || *port > UINT16_MAX) return std::nullopt;
    return RestAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const RestAddress& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + address.host + "]" : address.host;
    return fmt::format("{}:{}", host, address.port);
}

}  // namespace famez
