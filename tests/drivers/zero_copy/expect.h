// SPDX-License-Identifier: BSD-3-Clause
// What a scenario expects, counted and told when it is not so; what it says on the way.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace famez::probe {

// How much was not so.
int failures();

void fail(const std::string& what);

template <class... Arguments>
void expect(bool good, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    if (!good) fail(fmt::format(what, std::forward<Arguments>(arguments)...));
}

template <class Left, class Right>
void expect_equal(const Left& is, const Right& wanted, std::string_view what) {
    expect(is == static_cast<Left>(wanted), "{} is {}, not {}", what, is, wanted);
}

// Ends the scenario.
[[noreturn]] void give_up(const std::string& why);

// A line for who drives several of these programs.
void say(std::string_view line);

}  // namespace famez::probe
