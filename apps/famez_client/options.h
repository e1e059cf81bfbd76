// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "command.h"

namespace famez::client {

struct Invocation {
    AttachOptions attach;
    Command command;
};

// Help, version or a mistake: print `text` and end.
struct ParseEnd {
    int exit_code;
    std::string text;
};

// What stands behind the program's name.
std::variant<Invocation, ParseEnd> parse_arguments(const std::vector<std::string>& arguments);

// A line at the prompt. `defaults`: what the program was started with.
std::variant<Command, ParseEnd> parse_line(const std::string& line, const Command& defaults);

// Names of all commands, for completion.
std::vector<std::string> command_words();

}  // namespace famez::client
