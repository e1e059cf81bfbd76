// SPDX-License-Identifier: BSD-3-Clause
// The command line behind "--", and the file that it may name. config.h says what there is to tell.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config.h"

namespace famez::fwd {

// Nothing to run: --help, --version, or a mistake. `text` is for stdout if the status is 0.
struct ParseEnd {
    int status;
    std::string text;
};

inline constexpr int exit_usage = 2;

// `arguments` are those behind "--". Reads the file of --config first: they override it.
std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments);

// One of the words that parse_options() knows: --mode, --mode=hub.
bool is_option(std::string_view word);

}  // namespace famez::fwd
