// SPDX-License-Identifier: BSD-3-Clause
//
// Commands from standard input: at a prompt when that is a terminal, else one a line.
#pragma once

#include "command.h"
#include "session.h"

namespace famez::client {

// Returns the exit code: at a prompt 0; else that of the last command that failed.
int run_console(Session& session, const Command& defaults);

}  // namespace famez::client
