// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <memory>

#include "clock.h"
#include "fabric_builder.h"
#include "frames.h"
#include "histogram.h"
#include "outstanding.h"
#include "pacer.h"
#include "roles.h"
#include "stop.h"
#include "stream.h"

namespace famez::pingpong {
namespace {

// An answer is given up when none at all has come for so long: the partner may be waiting for a
// CPU.
constexpr double answer_seconds = 2.0;
constexpr double last_answer_seconds = 0.1;
static_assert(max_burst <= Outstanding::capacity);

enum class Loop { closed, open };  // the next burst when the last is answered, or when it is due

template <class AnyPort>
class Pinger {
  public:
    Pinger(const Bench& bench, AnyPort& port)
        : bench_(bench), options_(bench.options), port_(port), stream_(bench), builder_(port) {}

    bool run() { return stream_.run(*this); }
    void aim() { builder_.aim_at(stream_.sender().destination()); }
    void run_size(Row& row);

  private:
    template <bool with_verify>
    void ping();
    template <bool with_verify>
    bool exchange(std::uint32_t count);
    template <bool with_verify>
    void ping_at_rate();
    template <bool with_verify>
    std::uint32_t send_due();
    template <Loop loop, bool with_verify>
    std::uint16_t take(std::uint16_t most, std::uint64_t& heard_at);
    template <Loop loop, bool with_verify, class Frame>
    void take_answer(const Frame& frame, std::uint64_t now);
    template <Loop loop>
    void record(const Outstanding::Answer& answer, std::uint64_t now);
    template <class Frame>
    bool check(const Frame& frame, std::uint64_t sequence);
    bool on_limit();
    bool on_tick();
    void on_open_tick(std::uint32_t moved);

    const Bench& bench_;
    const Options& options_;
    AnyPort& port_;
    Stream stream_;  // its tally counts the answers
    typename AnyPort::Builder builder_;
    Histogram rtt_;
    Histogram service_;  // open loop: from when it was sent, not from when it was due
    Outstanding outstanding_;
    std::vector<Piece> pieces_;
    std::uint64_t sent_ = 0;
    std::uint64_t recorded_from_ = 0;  // open loop: the first message behind the warm-up
    std::uint64_t heard_at_ = 0;
    std::uint64_t patience_ = 0;
    bool sending_ = true;  // open loop: still
    std::uint64_t downs_ = 0;
    Row counts_;
    std::array<typename AnyPort::Packet, max_burst> asks_{};
    typename AnyPort::Received answers_{};
};

template <class AnyPort>
template <class Frame>
bool Pinger<AnyPort>::check(const Frame& frame, std::uint64_t sequence) {
    if (size_of(frame) != stream_.plan().size_of(sequence)) return false;
    collect_payload(frame, pieces_);
    std::size_t offset = 0;
    for (const Piece& piece : pieces_) {
        if (!matches_pattern(piece.data, piece.size, offset, sequence)) return false;
        offset += piece.size;
    }
    return true;
}

template <class AnyPort>
template <Loop loop>
void Pinger<AnyPort>::record(const Outstanding::Answer& answer, std::uint64_t now) {
    if constexpr (loop == Loop::closed) {
        rtt_.record(now - answer.asked_at);
    } else if (answer.sequence >= recorded_from_) {
        // From when it was due: a sender that was held up, by a slow answer too, would otherwise
        // leave out the very times that matter ("coordinated omission").
        const std::uint64_t due = stream_.schedule().due(answer.sequence);
        rtt_.record(now - std::min(due, answer.asked_at));
        service_.record(now - answer.asked_at);
    }
}

template <class AnyPort>
template <Loop loop, bool with_verify, class Frame>
void Pinger<AnyPort>::take_answer(const Frame& frame, std::uint64_t now) {
    const std::size_t payload = first_piece_of(frame) - ether_header;
    std::uint64_t shown = 0;
    std::uint64_t mask = UINT64_MAX;
    if (payload >= sizeof shown) [[likely]] {
        shown = load<std::uint64_t>(frame_of(frame) + ether_header);
    } else {
        std::memcpy(&shown, frame_of(frame) + ether_header, payload);
        mask = (std::uint64_t{1} << (8 * payload)) - 1;
    }
    const auto answer = outstanding_.place(shown, mask);
    switch (answer.kind) {
        case Outstanding::Kind::late:
            ++counts_.late;
            return;
        case Outstanding::Kind::duplicated:
            ++counts_.duplicated;
            return;
        case Outstanding::Kind::reordered:
            ++counts_.reordered;
            break;
        case Outstanding::Kind::in_order:
            break;
    }
    record<loop>(answer, now);
    ++stream_.tally().messages;
    stream_.tally().bytes += size_of(frame);
    if constexpr (with_verify) {
        if (!check(frame, answer.sequence)) ++counts_.corrupted;
    }
}

// Says how many came. Sets `heard_at` if any.
template <class AnyPort>
template <Loop loop, bool with_verify>
std::uint16_t Pinger<AnyPort>::take(std::uint16_t most, std::uint64_t& heard_at) {
    typename AnyPort::Inbox inbox(port_, answers_);
    if (!inbox.receive(most)) return 0;
    std::uint64_t now = 0;
    inbox.each(
        [&]() __attribute__((always_inline)) { now = now_cycles(); },
        [&](const auto& frame) __attribute__((always_inline)) {
            if (is_type(frame, data_type)) [[likely]] {
                take_answer<loop, with_verify>(frame, now);
            } else {
                stream_.sender().on_other(frame, sent_);
                ++counts_.foreign;
            }
            return true;
        });
    if (inbox.count() == 0) return 0;
    inbox.free();
    heard_at = now;
    return inbox.count();
}

template <class AnyPort>
bool Pinger<AnyPort>::on_tick() {
    const bool go_on = stream_.on_tick(sent_);
    aim();
    return go_on;
}

template <class AnyPort>
bool Pinger<AnyPort>::on_limit() {
    if (!stream_.tally().clock_runs()) {
        rtt_.clear();
        recorded_from_ = sent_;
    }
    return stream_.on_limit(sent_);
}

// Sends a burst and takes its answers. Takes them while it is still sending too: a burst may be
// larger than what is on the way at once. False when the run is to end.
template <class AnyPort>
template <bool with_verify>
bool Pinger<AnyPort>::exchange(std::uint32_t count) {
    Pacer& pacer = stream_.pacer();
    const std::uint64_t downs = bench_.link.downs();
    std::uint64_t patience = to_cycles(answer_seconds);
    std::uint32_t done = 0;
    bool go_on = true;
    std::uint64_t heard_at = now_cycles();
    outstanding_.restart(sent_);
    outstanding_.ask(count, heard_at);
    while (outstanding_.missing() != 0) {
        if (done < count) {
            const auto rest = static_cast<std::uint16_t>(count - done);
            done += port_.send(asks_.data() + done, rest);
        }
        const std::uint16_t came =
            take<Loop::closed, with_verify>(static_cast<std::uint16_t>(options_.burst), heard_at);
        if (came != 0) {
            if (!pacer.spend(came)) continue;
        } else if (!pacer.spend_empty()) {
            continue;
        }
        if (go_on && !on_tick()) {
            // What is under way when Ctrl-C comes or the time is up is still waited for, a little.
            go_on = false;
            heard_at = now_cycles();
            patience = to_cycles(last_answer_seconds);
        }
        const bool overdue = now_cycles() - heard_at > patience;
        if (overdue || downs != bench_.link.downs()) break;
        if (go_on && came == 0 && done == count) pacer.rest();
    }
    sent_ += done;
    *counts_.lost += outstanding_.missing() - (count - done);
    if (done < count) port_.free(asks_.data() + done, count - done);
    return go_on;
}

template <class AnyPort>
template <bool with_verify>
void Pinger<AnyPort>::ping() {
    for (;;) {
        if (sent_ >= stream_.limit() && !on_limit()) return;
        const auto most = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(options_.burst, stream_.limit() - sent_));
        const std::uint32_t count =
            builder_.template build_planned<with_verify>(asks_.data(), most, sent_, stream_.plan());
        if (count == 0) [[unlikely]] {
            port_.reclaim();
            if (stream_.pacer().spend_empty() && !on_tick()) return;
            continue;
        }
        if (!exchange<with_verify>(count)) return;
    }
}

// What is due by now and can be under way; says how many. What the port does not take stays due.
template <class AnyPort>
template <bool with_verify>
std::uint32_t Pinger<AnyPort>::send_due() {
    if (sent_ >= stream_.limit() && !on_limit()) {
        sending_ = false;
        heard_at_ = now_cycles();
        return 0;
    }
    const std::uint64_t most = std::min<std::uint64_t>(
        std::min(options_.burst, outstanding_.room()), stream_.limit() - sent_);
    std::uint32_t count =
        stream_.schedule().count_due(now_cycles(), sent_, static_cast<std::uint32_t>(most));
    if (count == 0) return 0;
    count =
        builder_.template build_planned<with_verify>(asks_.data(), count, sent_, stream_.plan());
    if (count == 0) {
        port_.reclaim();
        return 0;
    }
    const std::uint64_t now = now_cycles();
    const std::uint16_t done = port_.send(asks_.data(), static_cast<std::uint16_t>(count));
    outstanding_.ask(done, now);
    sent_ += done;
    if (done < count) port_.free(asks_.data() + done, count - done);
    return done;
}

template <class AnyPort>
void Pinger<AnyPort>::on_open_tick(std::uint32_t moved) {
    if (sending_ && !on_tick()) {
        sending_ = false;
        heard_at_ = now_cycles();
    }
    // What is under way when Ctrl-C comes or the time is up is still waited for, a little.
    if (!sending_ && (sent_ < stream_.limit() || stop_requested())) {
        patience_ = to_cycles(last_answer_seconds);
    }
    if (downs_ != bench_.link.downs()) {
        downs_ = bench_.link.downs();
        *counts_.lost += outstanding_.give_up(UINT64_MAX);
    }
    *counts_.lost += outstanding_.give_up(now_cycles() - to_cycles(answer_seconds));
    if (moved != 0 || !sending_) return;
    const std::uint64_t next = stream_.schedule().due(sent_);
    if (outstanding_.missing() == 0) {
        stream_.pacer().pause_until(next);
    } else {
        stream_.pacer().rest(next);
    }
}

template <class AnyPort>
template <bool with_verify>
void Pinger<AnyPort>::ping_at_rate() {
    constexpr std::uint16_t answers_at_once = 32;
    Pacer& pacer = stream_.pacer();
    outstanding_.restart(0);
    sending_ = true;
    patience_ = to_cycles(answer_seconds);
    downs_ = bench_.link.downs();
    while (sending_ || outstanding_.missing() != 0) {
        const std::uint16_t came = take<Loop::open, with_verify>(answers_at_once, heard_at_);
        const std::uint32_t moved = came + (sending_ ? send_due<with_verify>() : 0);
        if (moved != 0 ? pacer.spend(moved) : pacer.spend_empty()) on_open_tick(moved);
        if (!sending_ && now_cycles() - heard_at_ > patience_) break;
    }
    *counts_.lost += outstanding_.give_up(UINT64_MAX);
}

template <class AnyPort>
void Pinger<AnyPort>::run_size(Row& row) {
    counts_ = Row();
    counts_.lost = 0;
    sent_ = 0;
    rtt_.clear();
    service_.clear();
    recorded_from_ = UINT64_MAX;
    if (options_.rate) {
        options_.verify ? ping_at_rate<true>() : ping_at_rate<false>();
        counts_.service = &service_;
    } else {
        options_.verify ? ping<true>() : ping<false>();
    }
    row = counts_;
    row.sent = sent_;
    row.received = stream_.tally().messages;
    row.rtt = &rtt_;
    row.content_verified = options_.verify;
}

}  // namespace

// Not on the stack: the histograms are large.
template <class AnyPort>
bool run_ping(const Bench& bench, AnyPort& port) {
    return std::make_unique<Pinger<AnyPort>>(bench, port)->run();
}

template bool run_ping(const Bench& bench, EthdevPort& port);
template bool run_ping(const Bench& bench, FabricPort& port);

}  // namespace famez::pingpong
