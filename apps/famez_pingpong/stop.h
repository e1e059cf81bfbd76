// SPDX-License-Identifier: BSD-3-Clause
// Ctrl-C: the first asks for the summary, the second kills. A device that is taken away asks too.
#pragma once

namespace famez::pingpong {

void install_stop_signals();
// Any thread, or a signal handler.
void request_stop();
bool stop_requested();

}  // namespace famez::pingpong
