// SPDX-License-Identifier: BSD-3-Clause
// EAL's command line, as far as it is about devices.
#pragma once

#include <string>
#include <vector>

#include "config.h"

namespace famez::fwd {

// EAL's words of the file, what makes EAL have the ports, and those of the command line, which win
// over a port's devargs. Throws std::invalid_argument.
std::vector<std::string> eal_words(const Options& options, const std::vector<std::string>& given);

}  // namespace famez::fwd
