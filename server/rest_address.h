// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famez {

// Where to serve HTTP.
struct RestAddress {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1991;  // 0: any that is free

    bool operator==(const RestAddress&) const = default;
};

// "ADDR:PORT", "[::1]:PORT" or "NAME:PORT".
std::optional<RestAddress> parse_rest_address(std::string_view text);
std::string to_string(const RestAddress& address);

}  // namespace famez
