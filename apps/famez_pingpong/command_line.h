// SPDX-License-Identifier: BSD-3-Clause
// What of the command line is EAL's and what is ours. Nothing of DPDK in here.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "options.h"

namespace famez::pingpong {

struct CommandLine {
    std::vector<char*> eal;  // with the program's name
    Options options;
};

// EAL's options come first, then "--", then ours; but an --api in front of the "--", or without
// one, says that all are ours.
std::variant<CommandLine, ParseEnd> parse_command_line(int argc, char** argv);

}  // namespace famez::pingpong
