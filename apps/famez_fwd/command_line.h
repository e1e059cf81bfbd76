// SPDX-License-Identifier: BSD-3-Clause
// What of the command line is EAL's and what is ours, and what EAL has to be told for our ports.
// Nothing of DPDK in here.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "options.h"

namespace famez::fwd {

struct CommandLine {
    std::vector<std::string> eal;  // with the program's name
    Options options;
};

// EAL's options come first, then "--", then ours. Without "--" all are EAL's; but if the very first
// is one of ours, then all are.
std::variant<CommandLine, ParseEnd> parse_command_line(int argc, const char* const* argv);

}  // namespace famez::fwd
