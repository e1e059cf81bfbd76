// SPDX-License-Identifier: BSD-3-Clause
// Lines for people, on stderr. stdout belongs to what the switch counts.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace famez::fwd {

// --quiet silences notes, never complaints.
void set_quiet(bool quiet);

void write_note(std::string_view text);
void write_complaint(std::string_view text);

template <typename... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
    write_note(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void complain(fmt::format_string<Args...> format, Args&&... args) {
    write_complaint(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace famez::fwd
