// SPDX-License-Identifier: BSD-3-Clause
#include "commands.h"

#include <famez/error.h>

namespace famez::client {
namespace {

int dispatch(Session& session, const Command& command) {
    switch (command.verb) {
        case Verb::who:
            return who(session, command);
        case Verb::dump:
            return dump(session, command);
        case Verb::send:
            return send(session, command);
        case Verb::ask:
            return ask(session, command);
        case Verb::spoof:
            return spoof(session, command);
        case Verb::ping:
            return ping(session, command);
        case Verb::listen:
            return listen(session, command);
        case Verb::flood:
            return flood(session, command);
        case Verb::link:
            return link(session, command);
        case Verb::rfc:
            return rfc(session, command);
        case Verb::watch:
            return watch(session, command);
        case Verb::console:
        case Verb::help:
        case Verb::quit:
            break;
    }
    return exit_ok;
}

}  // namespace

int run_command(Session& session, const Command& command) {
    session.prepare(command);
    const Hooks hooks(session);
    try {
        return dispatch(session, command);
    } catch (const FabricError& error) {
        session.output().note(error.what());
        return exit_failure;
    }
}

}  // namespace famez::client
