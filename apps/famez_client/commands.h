// SPDX-License-Identifier: BSD-3-Clause
//
// The commands. Each does its work, prints, and returns the exit code; one that cannot begin throws
// FabricError.
#pragma once

#include "command.h"
#include "session.h"

namespace famez::client {

int who(Session& session, const Command& command);
int dump(Session& session, const Command& command);
int send(Session& session, const Command& command);
int ask(Session& session, const Command& command);
int spoof(Session& session, const Command& command);
int ping(Session& session, const Command& command);
int listen(Session& session, const Command& command);
int flood(Session& session, const Command& command);
int link(Session& session, const Command& command);
int rfc(Session& session, const Command& command);
int watch(Session& session, const Command& command);

// The one that `command` names; what it throws is printed.
int run_command(Session& session, const Command& command);

}  // namespace famez::client
