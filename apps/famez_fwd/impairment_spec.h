// SPDX-License-Identifier: BSD-3-Clause
// An emulated wire in words: "delay=5ms,jitter=500us,rate=100M,loss=1%". "none" is a perfect one.
#pragma once

#include <string>
#include <string_view>

#include "config.h"

namespace famez::fwd {

// Throws std::invalid_argument.
Impairment parse_impairment(std::string_view text);

// parse_impairment() makes exactly the same of it.
std::string to_text(const Impairment& impairment);

}  // namespace famez::fwd
