// SPDX-License-Identifier: BSD-3-Clause
#include "sender.h"

#include <random>

#include "clock.h"
#include "log.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

constexpr double repeat_seconds = 0.020;
constexpr int end_repeats = 50;  // one second

std::uint64_t random_session() {
    std::random_device source;
    const std::uint64_t high = source();
    const std::uint64_t session = (high << 32) | source();
    return session != 0 ? session : 1;  // 0 means none
}

Role partner_of(Role role) {
    return role == Role::ping ? Role::pong : Role::rx;
}

}  // namespace

Sender::Sender(const Options& options, Port& port, LinkWatch& link)
    : options_(options),
      port_(port),
      link_(link),
      destination_(options.peer ? address_of(*options.peer, port.mac()) : broadcast_address) {
    about_.session = random_session();
    about_.role = static_cast<std::uint32_t>(options.role);
    about_.verified = options.verify ? 1 : 0;
    about_.warmup = options.warmup;
    about_.queues = static_cast<std::uint8_t>(options.queues > 1 ? options.queues : 0);
}

bool Sender::say(Control kind, std::uint64_t next_sequence) {
    ControlMessage message = about_;
    message.kind = kind;
    message.next_sequence = next_sequence;
    // A hello looks for a partner, which may be another one by now.
    const bool ask_all = kind == Control::hello && !options_.peer;
    return send_control(port_, ask_all ? broadcast_address : destination_, message);
}

bool Sender::is_answer(const ReceivedControl& received) const {
    const ControlMessage& m = received.message;
    return (m.kind == Control::hello_ack || m.kind == Control::end_ack) &&
           m.session == about_.session && m.run == about_.run;
}

void Sender::on_control(const ReceivedControl& received, std::uint64_t next_sequence) {
    if (received.message.kind == Control::who) {
        say(Control::hello, next_sequence);
    } else if (is_answer(received)) {
        answer_ = received.message;
        if (!options_.peer && answer_->kind == Control::hello_ack &&
            answer_->role == static_cast<std::uint32_t>(partner_of(options_.role))) {
            destination_ = received.from;
        }
    }
}

void Sender::poll(std::uint64_t next_sequence) {
    port_.receive_control(
        [&](const ReceivedControl& received) { on_control(received, next_sequence); });
}

// True when an answer of this kind, from the right kind of partner, has come.
bool Sender::wait_for(Control kind, double seconds) {
    const std::uint64_t deadline = now_cycles() + to_cycles(seconds);
    do {
        poll(0);
        if (answer_ && answer_->kind == kind) {
            const Role partner = partner_of(options_.role);
            if (answer_->role == static_cast<std::uint32_t>(partner)) return true;
            if (!wrong_role_told_) {
                complain("the other end is not {}, which {} needs", to_string(partner),
                         to_string(options_.role));
            }
            wrong_role_told_ = true;
            answer_.reset();
        }
    } while (now_cycles() < deadline && !stop_requested());
    return false;
}

void Sender::complain_of_nobody() const {
    const char* const partner = to_string(partner_of(options_.role));
    complain(
        "no {} answered within {:g} s; start famez_pingpong ... -- {} at the other end, or give "
        "--wait 0 to begin without",
        partner, options_.wait_s, partner);
}

bool Sender::begin(std::uint32_t run) {
    about_.run = run;
    about_.last_run = run + 1 == options_.sizes.size() ? 1 : 0;
    about_.size_min = options_.sizes[run].min;
    about_.size_max = options_.sizes[run].max;
    answer_.reset();
    if (options_.wait_s == 0) {
        say(Control::hello, 0);
        return true;
    }
    const std::uint64_t start = now_cycles();
    bool told = false;
    while (!stop_requested()) {
        say(Control::hello, 0);
        if (wait_for(Control::hello_ack, repeat_seconds)) return true;
        const double waited = to_seconds(now_cycles() - start);
        link_.check(now_cycles());
        if (waited >= options_.wait_s) {
            complain_of_nobody();
            return false;
        }
        if (!told && waited > 0.5) {
            note("waiting for {} at the other end, up to {:g} s",
                 to_string(partner_of(options_.role)), options_.wait_s);
            told = true;
        }
    }
    return false;
}

void Sender::resume(std::uint64_t next_sequence) {
    say(Control::hello, next_sequence);
}

std::optional<ControlMessage> Sender::end(std::uint64_t messages, std::uint64_t next_sequence,
                                          bool last) {
    about_.sent_messages = messages;
    if (last) about_.last_run = 1;
    answer_.reset();
    int rounds = options_.wait_s == 0 ? 5 : end_repeats;
    for (; rounds > 0 && link_.check(now_cycles()); --rounds) {
        say(Control::end, next_sequence);
        const std::uint64_t deadline = now_cycles() + to_cycles(repeat_seconds);
        while (now_cycles() < deadline) {
            poll(next_sequence);
            if (answer_ && answer_->kind == Control::end_ack) return answer_;
        }
    }
    if (options_.wait_s != 0) note("the other end did not confirm the end of the stream");
    return std::nullopt;
}

}  // namespace famez::pingpong
