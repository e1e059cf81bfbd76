// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "numbered.h"
#include "stop.h"
#include "targets.h"

namespace famez::client {
namespace {

constexpr std::uint64_t default_count = 20000;

}  // namespace

int flood(Session& session, const Command& command) {
    const std::uint32_t to = resolve_one(command.target, session.mailbox());
    const std::uint64_t count = command.count.value_or(default_count);
    std::uint64_t taken = 0;
    MailEnd end = MailEnd::taken;
    const auto start = Session::Clock::now();
    while (taken < count && end == MailEnd::taken) {
        const auto receipt =
            session.wait_for(session.submit(to, numbered_text({taken + 1, count}, command.size)));
        if (!receipt) break;  // interrupted
        end = receipt->end;
        if (end == MailEnd::taken) ++taken;
    }
    const double seconds = std::chrono::duration<double>(Session::Clock::now() - start).count();
    const double rate = seconds > 0 ? static_cast<double>(taken) / seconds : 0;
    if (command.json) {
        session.output().line(nlohmann::json{
            {"to", to}, {"wanted", count}, {"taken", taken}, {"seconds", seconds}, {"rate", rate}}
                                  .dump());
    } else {
        session.output().line(fmt::format("{} of {} messages taken by {} in {:.3f} s: {:.0f}/s",
                                          taken, count, session.name_of(to), seconds, rate));
    }
    if (end != MailEnd::taken) {
        session.output().note(fmt::format("{}: {}", session.name_of(to), to_string(end)));
    }
    return taken == count ? exit_ok : exit_failure;
}

}  // namespace famez::client
