// SPDX-License-Identifier: BSD-3-Clause
//
// Ctrl-C: the first asks what runs to end, a second one that finds it unheard ends the process.
#pragma once

namespace famez::client {

void install_stop_signals();
[[nodiscard]] bool stop_requested();
// The request was heeded (at the prompt it only ends the line or the command).
void clear_stop();
// SIGTERM or SIGHUP: the program itself is to end.
[[nodiscard]] bool end_requested();
void request_end();

}  // namespace famez::client
