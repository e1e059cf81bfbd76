// SPDX-License-Identifier: BSD-3-Clause
//
// What a managing switch and its ports say to each other (Gen-Z 1.0: Link RFC 11.6, Link
// CTL 11.11).
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>

#include "commands.h"
#include "mail_line.h"
#include "stop.h"
#include "targets.h"

namespace famez::client {
namespace {

using Clock = Session::Clock;

constexpr std::string_view peer_attribute = "Link CTL Peer-Attribute";
constexpr std::string_view acknowledged = "Link CTL ACK ";
constexpr std::string_view refused = "Link CTL NAK";

std::string without_hops(const std::string& message) {
    return std::string(split_hops(message).text);
}

// Why a first message went nowhere; nothing if it was taken.
bool delivered(Session& session, std::uint32_t to, Session::Ticket ticket) {
    const auto end = session.wait_for(ticket);
    if (end && end->end == MailEnd::taken) return true;
    if (end) session.output().note(fmt::format("{}: {}", session.name_of(to), to_string(end->end)));
    return false;
}

}  // namespace

int link(Session& session, const Command& command) {
    const std::uint32_t to = resolve_one(command.target, session.mailbox());
    std::optional<std::string> answer;
    session.claim = [&](const Mail& mail) {
        const std::string text = without_hops(mail.message);
        if (mail.from != to || (!text.starts_with(acknowledged) && !text.starts_with(refused))) {
            return false;
        }
        answer = text;
        return true;
    };
    if (!delivered(session, to, session.submit_counted(to, peer_attribute))) return exit_failure;
    session.run_until([&] { return answer.has_value(); },
                      Clock::now() + to_duration(command.patience));
    if (!answer) {
        session.output().note(fmt::format("{}: no answer", session.name_of(to)));
        return exit_failure;
    }
    const bool yes = answer->starts_with(acknowledged);
    const auto pairs = parse_pairs(yes ? answer->substr(acknowledged.size()) : "");
    if (command.json) {
        session.output().line(
            nlohmann::json{{"from", to}, {"answer", *answer}, {"attributes", pairs}}.dump(
                -1, ' ', true, nlohmann::json::error_handler_t::replace));
    } else {
        session.output().line(fmt::format("{}: {}", session.name_of(to), printable(*answer)));
    }
    return yes ? exit_ok : exit_failure;
}

namespace {

// The exchange as it went, message by message.
class Exchange {
  public:
    Exchange(Session& session, bool print) : session_(session), print_(print) {}

    void step(bool ours, const std::string& message) {
        steps_.push_back({{"from", ours ? "client" : "server"}, {"message", message}});
        if (print_) {
            session_.output().line(
                fmt::format("{} {}", ours ? "->" : "<-", printable(without_hops(message))));
        }
    }
    [[nodiscard]] const nlohmann::json& steps() const { return steps_; }

  private:
    Session& session_;
    bool print_;
    nlohmann::json steps_ = nlohmann::json::array();
};

}  // namespace

int rfc(Session& session, const Command& command) {
    constexpr std::string_view request = "Link RFC TTC=27us";
    const std::uint32_t server = session.mailbox().server_id();
    Exchange exchange(session, !command.json);
    bool configured = false;
    bool complete = false;  // the server knows our attributes too
    session.on_answer = [&](const Mail& mail, const std::string& answer) {
        if (mail.from != server) return;
        const std::string text = without_hops(mail.message);
        if (text == "ping") return;
        exchange.step(false, mail.message);
        exchange.step(true, answer);
        if (text != peer_attribute) configured = true;
        complete = configured && text == peer_attribute;
    };
    session.claim = [&](const Mail& mail) {
        if (mail.from != server) return false;
        exchange.step(false, mail.message);
        return true;
    };
    exchange.step(true, with_hops(request, 1, session.mailbox().dialect()));
    if (!delivered(session, server, session.submit_counted(server, request))) return exit_failure;
    session.run_until([&] { return configured; }, Clock::now() + to_duration(command.patience));
    session.run_until([&] { return !configured || complete; },
                      Clock::now() + to_duration(command.patience));
    session.drain();
    const MailParty& self = session.self();
    const char* state = configured ? "configured" : "up";
    if (command.json) {
        session.output().line(nlohmann::json{
            {"state", state},
            {"complete", complete},
            {"cid", self.cid},
            {"sid", self.sid},
            {"steps",
             exchange.steps()}}.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    } else {
        session.output().line(fmt::format("state {}, CID {}, SID {}", state, self.cid, self.sid));
    }
    if (complete) return exit_ok;
    session.output().note(configured
                              ? "the server did not go on to ask for our attributes"
                              : "the server did not configure us: does it manage its fabric?");
    return exit_failure;
}

}  // namespace famez::client
