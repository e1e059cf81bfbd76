// SPDX-License-Identifier: BSD-3-Clause
// The command line behind "--".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace famez::bridge {

struct Options {
    std::optional<std::uint16_t> port;
    std::string name;  // empty: from the device's PCI slot
    bool shared = false;
    std::string fifo;  // empty: a device
};

// Nothing to run: --help, --version, or a mistake. `text` is for stdout if the status is 0.
struct ParseEnd {
    int status;
    std::string text;
};

inline constexpr int exit_usage = 2;

// `arguments` are those behind "--".
std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments);

}  // namespace famez::bridge
