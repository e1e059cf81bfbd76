// SPDX-License-Identifier: BSD-3-Clause
// famez_pingpong --bridge DEVICE TARGET: messages through famez_bridge's device, as fast as they
// go. Neither EAL nor a port of its own.
#pragma once

#include <string>
#include <vector>

namespace famez::pingpong {

// Do the words behind the program's name ask for it?
bool asks_for_exerciser(const std::vector<std::string>& words);

// Until it is enough, Ctrl-C or a failure; prints a summary. Returns the exit status.
int run_exerciser(const std::vector<std::string>& words);

}  // namespace famez::pingpong
