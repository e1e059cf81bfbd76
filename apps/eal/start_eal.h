// SPDX-License-Identifier: BSD-3-Clause
// EAL, started the way all our programs do.
#pragma once

#include <string>
#include <vector>

namespace famez {

// `words` begin with the program's name; EAL may change their order. `megabytes` is for the advice
// to a machine without hugepages. An empty string if EAL runs, else what to tell the user.
std::string start_eal(std::vector<char*>& words, unsigned megabytes);

}  // namespace famez
