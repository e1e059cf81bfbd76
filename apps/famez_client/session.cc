// SPDX-License-Identifier: BSD-3-Clause
#include "session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mail_line.h"
#include "stop.h"

namespace famez::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// An answer usually comes faster than a process can be put to sleep and woken again.
constexpr microseconds spin{50};
constexpr std::size_t queued_answers_max = 16;
// From then on whoever we wait for is taken to have no processor: he may want this one.
constexpr microseconds lonely_spin{3};
// News from the server, mail whose doorbell is missing, a signal that came just before a wait.
constexpr milliseconds service_interval{100};

MailParty party_of(const AttachOptions& options, std::uint32_t id) {
    return {options.node_name.empty() ? fmt::format("z{:02}", id) : options.node_name,
            options.node_class, 0, 0};
}

}  // namespace

Session::Session(const AttachOptions& options, Output& output)
    : output_(output),
      attachment_(options.socket_path),
      station_(attachment_, Mailbox::open(attachment_.region(), attachment_.id())),
      responder_(station_.mailbox(), party_of(options, attachment_.id())) {
    show = [this](const Mail& mail) { output_.note("mail from " + mail_line(*this, mail, false)); };
}

void Session::prepare(const Command& command) {
    patience_ = to_duration(command.patience);
    station_.sender().set_patience(patience_);
    if (command.verbose > 0 && std::exchange(introduced_, true) == false) {
        output_.note(
            fmt::format("here as {}, id {} of {}", self().node_name, id(), mailbox().ports()));
    }
    verbose_ = command.verbose;
}

std::string Session::name_of(std::uint32_t id) {
    return name_text(mailbox().has_slot(id) ? mailbox().look(id).node_name : "", id);
}

Session::Ticket Session::submit(std::uint32_t to, std::string message, std::uint32_t as) {
    if (verbose_ > 1) output_.note(fmt::format("to {}: {}", name_of(to), message));
    const Ticket ticket = station_.sender().submit(to, std::move(message), as);
    awaited_.try_emplace(ticket);
    last_busy_ = Clock::now();
    return ticket;
}

Session::Ticket Session::submit_counted(std::uint32_t to, std::string_view text) {
    return submit(to, with_hops(text, 1, mailbox().dialect()));
}

std::optional<MailReceipt> Session::receipt(Ticket ticket) {
    const auto found = awaited_.find(ticket);
    if (found == awaited_.end() || !found->second) return std::nullopt;
    const auto end = found->second;
    awaited_.erase(found);
    return end;
}

std::optional<MailReceipt> Session::wait_for(Ticket ticket) {
    std::optional<MailReceipt> end;
    run_until([&] { return (end = receipt(ticket)).has_value(); }, Clock::time_point::max());
    return end;
}

bool Session::run_until(const std::function<bool()>& done, Clock::time_point deadline) {
    while (!done()) {
        if (stop_requested() || Clock::now() >= deadline) return false;
        turn(deadline);
    }
    return true;
}

void Session::drain() {
    run_until([this] { return station_.sender().idle(); }, Clock::now() + patience_);
}

void Session::turn(Clock::time_point until, int other_fd) {
    const auto now = Clock::now();
    station_.receive([this](Mail&& mail) { take(mail); });
    station_.sender().pump(now);
    collect_receipts();
    if (now >= service_due_) look_after(now);
    // What has just come may be what is waited for: then the caller looks first.
    if (now - last_busy_ >= spin) {
        block(now, until, other_fd);
    } else if (now - last_busy_ >= lonely_spin) {
        ::sched_yield();
    }
}

void Session::take(const Mail& mail) {
    last_busy_ = Clock::now();
    if (verbose_ > 1)
        output_.note(fmt::format("from {}: {}", name_of(mail.from), printable(mail.message)));
    if (auto answer = responder_.answer(mail)) {
        // Whoever asks and does not take the answers holds up our own mail no longer than these.
        if (station_.sender().queued() >= queued_answers_max) return;
        if (verbose_ > 1)
            output_.note(fmt::format("to {}: {}", name_of(mail.from), printable(*answer)));
        if (on_answer) on_answer(mail, *answer);
        station_.sender().submit(mail.from, std::move(*answer));
        return;
    }
    if (!claim || !claim(mail)) show(mail);
}

void Session::collect_receipts() {
    while (const auto end = station_.sender().receipt()) {
        last_busy_ = Clock::now();
        const auto found = awaited_.find(end->ticket);
        if (found != awaited_.end()) {
            found->second = *end;
        } else if (verbose_ > 0 && end->end != MailEnd::taken) {
            output_.note(
                fmt::format("the answer to {}: {}", name_of(end->to), to_string(end->end)));
        }
    }
}

void Session::look_after(Clock::time_point now) {
    service_due_ = now + service_interval;
    if (served_ && !attachment_.service()) {
        served_ = false;
        output_.note("the server has gone: who is here can still be written to, nobody can join");
    }
    station_.sweep([this](Mail&& mail) { take(mail); });
}

void Session::block(Clock::time_point now, Clock::time_point until, int other_fd) {
    Clock::time_point wake = std::min(until, service_due_);
    if (!station_.sender().idle()) wake = std::min(wake, now + station_.sender().pause(now));
    const auto left = std::chrono::nanoseconds(wake - now).count();
    if (left <= 0) {
        ::sched_yield();
        return;
    }
    std::array<pollfd, 2> wanted = {{{station_.fd(), POLLIN, 0}, {other_fd, POLLIN, 0}}};
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    ::ppoll(wanted.data(), wanted.size(), &timeout, nullptr);
}

}  // namespace famez::client
