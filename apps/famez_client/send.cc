// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

#include <famez/error.h>

#include "commands.h"
#include "mail_line.h"
#include "targets.h"

namespace famez::client {
namespace {

std::string text_of(const Command& command) {
    std::string text;
    for (const std::string& word : command.text)
        text += text.empty() ? word : " " + word;
    if (text.size() > Mailbox::message_max) {
        throw FabricError(fmt::format("the message has {} bytes, and {} is the most", text.size(),
                                      Mailbox::message_max));
    }
    return text;
}

// Waits until each has ended, and tells.
int report(Session& session, const Command& command,
           const std::vector<std::pair<std::uint32_t, Session::Ticket>>& sent) {
    nlohmann::json results = nlohmann::json::array();
    int status = exit_ok;
    for (const auto& [to, ticket] : sent) {
        const auto end = session.wait_for(ticket);
        if (!end) return exit_failure;  // interrupted
        const bool taken = end->end == MailEnd::taken;
        if (!taken) status = exit_failure;
        const auto ns = static_cast<double>(end->took.count());
        results.push_back({{"to", to},
                           {"node", session.mailbox().look(to).node_name},
                           {"taken", taken},
                           {"result", to_string(end->end)},
                           {"us", ns / 1e3}});
        const std::string who = session.name_of(to);
        if (!taken && !command.json) {
            session.output().note(fmt::format("{}: {}", who, to_string(end->end)));
        } else if (command.verbose > 0 && !command.json) {
            session.output().note(fmt::format("{}: taken in {}", who, time_text(ns)));
        }
    }
    if (command.json) session.output().line(nlohmann::json{{"sent", results}}.dump());
    return status;
}

}  // namespace

int send(Session& session, const Command& command) {
    const std::string text = text_of(command);
    std::vector<std::pair<std::uint32_t, Session::Ticket>> sent;
    for (const std::uint32_t to : resolve_target(command.target, session.mailbox()))
        sent.emplace_back(to, session.submit(to, text));
    return report(session, command, sent);
}

int ask(Session& session, const Command& command) {
    // An answer of several messages has no end mark.
    constexpr std::chrono::milliseconds silence{200};
    constexpr std::size_t answers_max = 64;  // of somebody who goes on and on
    const std::uint32_t to = resolve_one(command.target, session.mailbox());
    std::vector<std::string> answers;
    auto deadline = Session::Clock::time_point::max();
    session.claim = [&](const Mail& mail) {
        if (mail.from != to || answers.size() >= answers_max) return false;
        answers.push_back(printable(split_hops(mail.message).text));
        if (!command.json) session.output().line(answers.back());
        deadline = Session::Clock::now() + silence;
        return true;
    };
    const auto end = session.wait_for(session.submit(to, text_of(command)));
    if (!end || end->end != MailEnd::taken) {
        throw FabricError(
            fmt::format("{}: {}", session.name_of(to), end ? to_string(end->end) : "interrupted"));
    }
    if (answers.empty()) deadline = Session::Clock::now() + to_duration(command.patience);
    session.run_until([&] { return Session::Clock::now() >= deadline; },
                      Session::Clock::time_point::max());
    if (command.json) {
        session.output().line(nlohmann::json{{"from", to}, {"answers", answers}}.dump(
            -1, ' ', true, nlohmann::json::error_handler_t::replace));
    } else if (answers.empty()) {
        session.output().note(fmt::format("{}: no answer", session.name_of(to)));
    }
    return answers.empty() ? exit_failure : exit_ok;
}

int spoof(Session& session, const Command& command) {
    const std::string text = text_of(command);
    const std::uint32_t as = resolve_one(command.source, session.mailbox());
    std::vector<std::pair<std::uint32_t, Session::Ticket>> sent;
    int status = exit_ok;
    for (const std::uint32_t to : resolve_target(command.target, session.mailbox())) {
        // Its owner may be using it. He can begin at any moment too: this cannot be safe.
        const auto deadline = Session::Clock::now() + to_duration(command.patience);
        if (!session.run_until([&] { return session.mailbox().free(as); }, deadline)) {
            throw FabricError(
                fmt::format("{} has mail of its own in its slot", session.name_of(as)));
        }
        status = std::max(status, report(session, command, {{to, session.submit(to, text, as)}}));
    }
    return status;
}

}  // namespace famez::client
