// SPDX-License-Identifier: BSD-3-Clause
//
// famez_client: options.cc tells what it does, commands.h lists the commands, session.h is its
// loop.
#include <fmt/format.h>

#include <clocale>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "commands.h"
#include "console.h"
#include "options.h"
#include "stop.h"

namespace famez::client {
namespace {

int run(const std::vector<std::string>& arguments) {
    const auto parsed = parse_arguments(arguments);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        std::fputs(end->text.c_str(), end->exit_code == exit_ok ? stdout : stderr);
        return end->exit_code;
    }
    const auto& [attach, command] = std::get<Invocation>(parsed);
    install_stop_signals();
    Output output;
    Session session(attach, output);
    return command.verb == Verb::console ? run_console(session, command)
                                         : run_command(session, command);
}

}  // namespace
}  // namespace famez::client

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");  // for the line editor; numbers stay as they are
    try {
        return famez::client::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::fputs(fmt::format("famez_client: {}\n", error.what()).c_str(), stderr);
        return famez::client::exit_failure;
    }
}
