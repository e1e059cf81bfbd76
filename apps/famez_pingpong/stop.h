// SPDX-License-Identifier: BSD-3-Clause
// Ctrl-C: the first asks for the summary, the second kills.
#pragma once

namespace famez::pingpong {

void install_stop_signals();
bool stop_requested();

}  // namespace famez::pingpong
