// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

#include "commands.h"
#include "mail_line.h"
#include "numbered.h"
#include "stop.h"

namespace famez::client {
namespace {

using Sequences = std::map<std::uint32_t, Sequence>;

// Prints what --verify has found; true if nothing is amiss.
bool report(Session& session, const Command& command, const Sequences& sequences, bool complete) {
    bool fine = complete;
    nlohmann::json results = nlohmann::json::array();
    for (const auto& [from, sequence] : sequences) {
        const std::uint64_t lost = sequence.lost(true);
        fine = fine && lost == 0 && sequence.out_of_order() == 0;
        if (command.json) {
            results.push_back({{"from", from},
                               {"received", sequence.received()},
                               {"lost", lost},
                               {"out_of_order", sequence.out_of_order()},
                               {"rate", sequence.rate()}});
        } else {
            session.output().line(fmt::format(
                "{} messages from {}: {} lost, {} out of order, {:.0f}/s", sequence.received(),
                session.name_of(from), lost, sequence.out_of_order(), sequence.rate()));
        }
    }
    if (command.json) session.output().line(nlohmann::json{{"verified", results}}.dump());
    return fine;
}

}  // namespace

int listen(Session& session, const Command& command) {
    std::uint64_t received = 0;
    Sequences sequences;
    session.claim = [&](const Mail& mail) {
        // More than was asked for: whoever comes next shows it.
        if (command.count && received >= *command.count) return false;
        ++received;
        if (command.verify) {
            if (const auto numbered = parse_numbered(mail.message)) {
                sequences[mail.from].count(*numbered, Session::Clock::now());
                return true;
            }
        }
        if (!command.quiet) session.output().line(mail_line(session, mail, command.json));
        return true;
    };
    const auto deadline = command.seconds ? Session::Clock::now() + to_duration(*command.seconds)
                                          : Session::Clock::time_point::max();
    session.run_until([&] { return command.count && received >= *command.count; }, deadline);
    const bool complete = !command.count || received >= *command.count;
    bool fine = complete;
    if (command.verify) fine = report(session, command, sequences, complete);
    if (!complete && !stop_requested()) {
        session.output().note(
            fmt::format("{} of {} messages came in time", received, *command.count));
    }
    return fine ? exit_ok : exit_failure;
}

}  // namespace famez::client
