// SPDX-License-Identifier: BSD-3-Clause
// What was meant by a word that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace famez::fwd {

// The known word with the fewest letters different; empty if none is close.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace famez::fwd
