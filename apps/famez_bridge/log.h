// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace famez::bridge {

// A line on standard error.
template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    // Called from C, through which no exception may pass: fmt::print throws when nobody reads.
    const std::string line =
        "famez_bridge: " + fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
    std::fputs(line.c_str(), stderr);
}

}  // namespace famez::bridge
