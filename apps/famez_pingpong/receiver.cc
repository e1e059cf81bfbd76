// SPDX-License-Identifier: BSD-3-Clause
#include "receiver.h"

#include <algorithm>
#include <utility>

#include "clock.h"
#include "log.h"

namespace famez::pingpong {
namespace {

// How long a receiver that is done stays, to confirm the end again if its answer got lost.
constexpr double linger_seconds = 0.100;

// A sender silent for this long may be replaced by another one.
constexpr double silent_seconds = 0.5;

// An end that overtook data on other queues comes again so often until it is believed.
constexpr std::uint32_t early_ends_max = 10;

constexpr std::uint64_t no_limit = UINT64_MAX;

}  // namespace

Receiver::Receiver(const Options& options, Port& port, LinkWatch& link, Reporter& reporter)
    : options_(options),
      port_(port),
      link_(link),
      reporter_(reporter),
      pacer_(options, port, link, tally_) {
    if (options.sizes_given) sizes_ = options.sizes.front();
    verifier_.start(sizes_, std::nullopt);
}

void Receiver::on_control(const std::optional<ReceivedControl>& received) {
    if (!received) {
        ++foreign_;
        return;
    }
    if (received->message.kind == Control::hello) on_hello(*received);
    if (received->message.kind == Control::end) on_end(*received);
}

// Somebody else's stream in the middle of ours: with broadcast everybody hears everybody.
bool Receiver::stranger(const ReceivedControl& hello) const {
    return state_ == State::open && hello_.has_value() && hello.from != sender_ &&
           now_cycles() - seen_at_ < to_cycles(silent_seconds);
}

void Receiver::on_hello(const ReceivedControl& hello) {
    const ControlMessage& m = hello.message;
    const bool known = hello_ && hello_->session == m.session && hello_->run == m.run;
    if (!known && stranger(hello)) {
        ++foreign_;
        return;
    }
    const bool unnamed = state_ == State::open && !hello_;
    if (unnamed && m.next_sequence != 0) {
        // The answer to ask_who(): a name for the stream that is running already.
        hello_ = m;
        sender_ = hello.from;
        sizes_ = SizeRange{m.size_min, m.size_max};
        if (m.queues > 1) {
            verifier_.start(sizes_, std::nullopt, m.queues);
        } else {
            verifier_.learn_sizes(*sizes_);
        }
        pacer_.expect(sizes_->max);
        look_for_pattern();
    } else if (!known) {
        if (state_ == State::open) close("abandoned", nullptr);
        open(hello);
    }
    answer(hello.from, m, Control::hello_ack);
}

void Receiver::open(std::optional<ReceivedControl> hello) {
    hello_.reset();
    if (options_.sizes_given) {
        sizes_ = options_.sizes.front();
    } else {
        sizes_.reset();
    }
    std::optional<std::uint64_t> first;
    if (hello) {
        hello_ = hello->message;
        sender_ = hello->from;
        sizes_ = SizeRange{hello_->size_min, hello_->size_max};
        first = hello_->next_sequence;
        if (sizes_->max > port_.largest_frame()) {
            complain_of_size();
        }
    }
    // Without a hello the first messages are checked already.
    if (hello) {
        verifier_.start(sizes_, first, hello_->queues);
        look_for_pattern();
    }
    pacer_.expect(sizes_ ? sizes_->max : port_.largest_frame());
    state_ = State::open;
    early_ends_ = 0;
    link_.expect_down(false);
    seen_at_ = now_cycles();
    pacer_.watch_for_stalls(true);
}

void Receiver::complain_of_size() const {
    const bool no_frame = sizes_->max > max_frame;
    complain("the sender will send {} of {} bytes but this port is set up for {}: {}{}",
             no_frame ? "messages" : "frames", sizes_->max, port_.largest_frame(),
             no_frame ? "start this end with --api fabric, or the sender with a smaller --size"
                      : "start this end with --size ",
             no_frame ? "" : fmt::format("{}", sizes_->max));
}

void Receiver::look_for_pattern() {
    content_verified_ = options_.verify && hello_->verified != 0;
    if (content_verified_ || !options_.verify) return;
    verifier_.ignore_content();
    complain(
        "the sender writes no pattern, so only sequence and length are checked; start it with "
        "--verify too");
}

// Several queues keep no order between them.
bool Receiver::is_early(const ControlMessage& end) {
    if (!hello_ || hello_->queues <= 1) return false;
    const std::uint64_t came = hello_->next_sequence + tally_.messages;
    return came < end.next_sequence && ++early_ends_ < early_ends_max;
}

void Receiver::on_end(const ReceivedControl& end) {
    const ControlMessage& m = end.message;
    const bool ours =
        hello_ ? hello_->session == m.session && hello_->run == m.run : state_ == State::open;
    if (ours && state_ == State::open && is_early(m)) return;
    if (ours && state_ == State::open) close("end_of_stream", &m);
    if (!ours && state_ == State::open) return;
    answer(end.from, m, Control::end_ack);
    if (ours && m.last_run != 0) {
        link_.expect_down(true);
        if (!options_.stay) {
            ended_ = "end_of_stream";
            pacer_.linger_until(now_cycles() + to_cycles(linger_seconds));
        }
    }
}

void Receiver::answer(const MacAddress& to, const ControlMessage& question, Control kind) {
    ControlMessage message = question;
    message.received = totals_.received;
    message.lost = totals_.lost;
    message.duplicated = totals_.duplicated;
    message.reordered = totals_.reordered;
    message.corrupted = totals_.corrupted;
    message.verified = content_verified_ ? 1 : 0;
    message.kind = kind;
    message.role = static_cast<std::uint32_t>(options_.role);
    send_control(port_, to, message);
}

void Receiver::ask_who() {
    ControlMessage question;
    question.kind = Control::who;
    question.size_min = question.size_max = min_frame;
    send_control(port_, broadcast_address, question);
}

bool Receiver::on_limit() {
    if (state_ != State::open) {
        // Data of a sender whose hello never reached us: we are new here, or it did not wait.
        open(std::nullopt);
        ask_who();
    }
    const std::uint64_t warmup = hello_ ? hello_->warmup : 0;
    if (!tally_.clock_runs() && tally_.messages >= warmup) {
        tally_.start_clock();
        cpu_use_.start();
        if (options_.duration_s) {
            pacer_.set_deadline(tally_.start_cycles + to_cycles(*options_.duration_s));
        }
    }
    if (options_.count && tally_.messages >= *options_.count) {
        ended_ = "count";
        return false;
    }
    limit_ = tally_.clock_runs() ? no_limit : warmup;
    if (options_.count) limit_ = std::min(limit_, *options_.count);
    return true;
}

bool Receiver::on_tick() {
    const std::uint64_t now = now_cycles();
    if (tally_.messages != seen_messages_) {
        seen_messages_ = tally_.messages;
        seen_at_ = now;
    }
    if (state_ == State::open && !hello_ && now >= next_question_) {
        ask_who();
        next_question_ = now + to_cycles(0.1);
    }
    const bool go_on = pacer_.tick();
    if (pacer_.link_ended_it()) ended_ = "link_down";
    return go_on;
}

bool Receiver::on_idle() {
    if (!on_tick()) return false;
    pacer_.rest();
    return true;
}

// What was sent but did not come. Without verification that is arithmetic, and possible only for
// who knows where the stream began and how it ended.
std::optional<std::uint64_t> Receiver::count_lost(const ControlMessage* end) const {
    if (options_.verify) return verifier_.counts().lost;
    if (!hello_ || end == nullptr) return std::nullopt;
    const std::uint64_t came = hello_->next_sequence + tally_.messages;
    return end->next_sequence > came ? end->next_sequence - came : 0;
}

void Receiver::close(const char* ended, const ControlMessage* end) {
    if (end != nullptr && options_.verify) verifier_.finish(end->next_sequence);
    add_row(ended, count_lost(end));
    state_ = State::closed;
    verifier_.start(std::nullopt, std::nullopt);
    pacer_.watch_for_stalls(false);
    pacer_.restart();
    tally_ = Tally();
    cpu_use_.forget();
    seen_messages_ = 0;
    dropped_ = foreign_ = 0;
    limit_ = 1;
}

void Receiver::add_row(const char* ended, std::optional<std::uint64_t> lost) {
    const VerifyCounts& counts = verifier_.counts();
    Row row;
    row.size = sizes_.value_or(options_.sizes.front());
    row.tally = tally_;
    row.received = tally_.messages;
    row.sent = options_.role == Role::pong ? tally_.messages - dropped_ : 0;
    row.lost = lost;
    row.duplicated = counts.duplicated;
    row.reordered = counts.reordered;
    row.corrupted = counts.corrupted;
    row.foreign = foreign_;
    row.dropped = dropped_;
    row.link_downs = link_.downs() - reported_downs_;
    row.stalls = pacer_.stalls() - reported_stalls_;
    row.ended = ended;
    row.content_verified = content_verified_;
    row.cpu_percent = cpu_use_.percent();
    row.sleeps = pacer_.sleeps();
    if (row.sleeps) {
        const std::uint64_t sleeps = row.sleeps->sleeps;
        row.sleeps->sleeps -= std::exchange(reported_sleeps_, sleeps);
    }
    reported_downs_ = link_.downs();
    reported_stalls_ = pacer_.stalls();
    reporter_.add(row);
    totals_.received = row.received;
    totals_.lost = lost.value_or(0);
    totals_.duplicated = row.duplicated;
    totals_.reordered = row.reordered;
    totals_.corrupted = row.corrupted;
}

void Receiver::finish() {
    if (state_ == State::open || reporter_.rows() == 0) add_row(ended_, count_lost(nullptr));
}

}  // namespace famez::pingpong
