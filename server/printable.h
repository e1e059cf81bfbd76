// SPDX-License-Identifier: BSD-3-Clause
//
// Text that comes from a port, made fit for a terminal and a log: escape sequences would be the
// least of what it can hold.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace famez {

inline std::string printable(std::string_view text) {
    std::string clean(text);
    std::replace_if(
        clean.begin(), clean.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return clean;
}

}  // namespace famez
