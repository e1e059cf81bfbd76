// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace famez::bridge {

// A line on standard error.
template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::print(stderr, "famez_bridge: {}\n",
               fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace famez::bridge
