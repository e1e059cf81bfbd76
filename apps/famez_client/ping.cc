// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <histogram.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "commands.h"
#include "stop.h"
#include "targets.h"

namespace famez::client {
namespace {

using Clock = Session::Clock;

// Behind a ping that was not answered: whoever is not there is not asked as fast as can be.
constexpr std::chrono::milliseconds respite{200};

struct Pinged {
    std::uint32_t id;
    std::uint64_t sent = 0;
    pingpong::Histogram times;  // of those answered, in ns
};

class Pinger {
  public:
    Pinger(Session& session, const Command& command)
        : session_(session), patience_(to_duration(command.patience)) {
        // A line each would be what is measured.
        const bool lines = !command.quiet && !command.json && command.interval.value_or(1) > 0;
        print_ = lines || command.verbose > 0;
        session_.claim = [this](const Mail& mail) {
            if (mail.from != asked_ || split_hops(mail.message).text != "pong") return false;
            answered_at_ = Clock::now();
            asked_ = 0;
            return true;
        };
    }

    // True if it was answered.
    bool ping(Pinged& target) {
        asked_ = target.id;
        const auto start = Clock::now();
        // Without a hop counter: the original's kernel driver knows "ping" alone.
        const auto ticket = session_.submit(target.id, "ping");
        ++target.sent;
        std::optional<MailReceipt> end;
        session_.run_until(
            [&] {
                if (!end) end = session_.receipt(ticket);
                return asked_ == 0 || (end && end->end != MailEnd::taken);
            },
            start + 2 * patience_);
        const std::string who = session_.name_of(target.id);
        if (asked_ == 0) {
            const auto took = (answered_at_ - start).count();
            target.times.record(static_cast<std::uint64_t>(took));
            if (print_) tell(fmt::format("pong from {}: {}", who, time_text(double(took))));
        } else if (end && end->end != MailEnd::taken) {
            session_.output().note(fmt::format("{}: {}", who, to_string(end->end)));
        } else if (!stop_requested()) {
            session_.output().note(
                fmt::format("{}: no answer in {}", who, time_text(double(2 * patience_.count()))));
        }
        const bool answered = asked_ == 0;
        asked_ = 0;
        session_.drain();
        return answered;
    }

  private:
    void tell(const std::string& text) { session_.output().line(text); }

    Session& session_;
    std::chrono::nanoseconds patience_;
    bool print_;
    std::uint32_t asked_ = 0;  // whose answer is waited for
    Clock::time_point answered_at_{};
};

nlohmann::json to_json(Session& session, const Pinged& target) {
    const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    nlohmann::json result = {{"to", target.id},
                             {"node", session.mailbox().look(target.id).node_name},
                             {"sent", target.sent},
                             {"answered", target.times.count()},
                             {"lost", target.sent - target.times.count()}};
    if (target.times.count() > 0) {
        result["rtt_us"] = {{"min", us(target.times.min())},
                            {"p50", us(target.times.percentile(50))},
                            {"p99", us(target.times.percentile(99))},
                            {"max", us(target.times.max())}};
    }
    return result;
}

std::string to_text(Session& session, const Pinged& target, double seconds) {
    const auto& times = target.times;
    std::string text = fmt::format("{}: {} sent, {} answered, {} lost", session.name_of(target.id),
                                   target.sent, times.count(), target.sent - times.count());
    if (times.count() == 0) return text;
    const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    text += fmt::format("; min/p50/p99/max {:.1f}/{:.1f}/{:.1f}/{:.1f} us", us(times.min()),
                        us(times.percentile(50)), us(times.percentile(99)), us(times.max()));
    if (times.count() > 1) {
        text += fmt::format(", {:.0f} a second", static_cast<double>(times.count()) / seconds);
    }
    return text;
}

}  // namespace

int ping(Session& session, const Command& command) {
    std::vector<Pinged> targets;
    for (const std::uint32_t id : resolve_target(command.target, session.mailbox()))
        targets.push_back({id, 0, {}});
    const std::uint64_t count = command.count.value_or(1);
    const auto interval = to_duration(command.interval.value_or(1));
    Pinger pinger(session, command);
    const auto start = Clock::now();
    auto next = start;
    for (std::uint64_t i = 0; (count == 0 || i < count) && !stop_requested(); ++i) {
        if (i > 0) session.run_until([] { return false; }, next);
        bool answered = true;
        for (Pinged& target : targets)
            answered = !stop_requested() && pinger.ping(target) && answered;
        next = std::max(next + interval, Clock::now() + (answered ? Clock::duration{} : respite));
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    bool all = true;
    nlohmann::json results = nlohmann::json::array();
    for (const Pinged& target : targets) {
        all = all && target.times.count() == target.sent && target.sent > 0;
        if (command.json) {
            results.push_back(to_json(session, target));
        } else {
            session.output().line(to_text(session, target, seconds));
        }
    }
    if (command.json) {
        session.output().line(nlohmann::json{{"seconds", seconds}, {"pings", results}}.dump());
    }
    return all ? exit_ok : exit_failure;
}

}  // namespace famez::client
