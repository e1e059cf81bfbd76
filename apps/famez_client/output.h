// SPDX-License-Identifier: BSD-3-Clause
//
// Where everything is printed: results on standard output, notes on standard error, line by line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace famez::client {

class Output {
  public:
    // A line of results, or of several.
    void line(std::string_view text) const;
    // For the user, not for scripts: what went wrong, what is going on.
    void note(std::string_view text) const;

    // What the console does around each, so that a line under way stays whole.
    std::function<void()> before = [] {};
    std::function<void()> after = [] {};
};

// "z03 (3)", or "port 3" where it shows no name.
std::string name_text(std::string_view node_name, unsigned id);
// For people: "12.3 us", "1.20 ms", "2.00 s".
std::string time_text(double nanoseconds);

}  // namespace famez::client
