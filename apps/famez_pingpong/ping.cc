// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <memory>

#include "clock.h"
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
constexpr std::uint32_t max_burst = 512;
static_assert(max_burst <= Outstanding::capacity);

enum class Loop { closed, open };  // the next burst when the last is answered, or when it is due

class Pinger {
  public:
    explicit Pinger(const Bench& bench)
        : bench_(bench), options_(bench.options), port_(bench.port), stream_(bench) {}

    bool run() { return stream_.run(*this); }
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
    void take(std::uint16_t count, std::uint64_t now);
    template <Loop loop, bool with_verify>
    void take_answer(const rte_mbuf* packet, std::uint64_t now);
    template <Loop loop>
    void record(const Outstanding::Answer& answer, std::uint64_t now);
    bool check(const rte_mbuf* packet, std::uint64_t sequence);
    bool on_limit();
    void on_open_tick(std::uint32_t moved);

    const Bench& bench_;
    const Options& options_;
    const Port& port_;
    Stream stream_;  // its tally counts the answers
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
    std::array<rte_mbuf*, max_burst> asks_{};
    std::array<rte_mbuf*, max_burst> answers_{};
};

bool Pinger::check(const rte_mbuf* packet, std::uint64_t sequence) {
    if (packet->pkt_len != stream_.plan().size_of(sequence)) return false;
    collect_payload(packet, pieces_);
    std::size_t offset = 0;
    for (const Piece& piece : pieces_) {
        if (!matches_pattern(piece.data, piece.size, offset, sequence)) return false;
        offset += piece.size;
    }
    return true;
}

template <Loop loop>
void Pinger::record(const Outstanding::Answer& answer, std::uint64_t now) {
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

template <Loop loop, bool with_verify>
void Pinger::take_answer(const rte_mbuf* packet, std::uint64_t now) {
    const std::size_t payload = packet->data_len - ether_header;
    std::uint64_t shown = 0;
    std::uint64_t mask = UINT64_MAX;
    if (payload >= sizeof shown) [[likely]] {
        shown = load<std::uint64_t>(frame_of(packet) + ether_header);
    } else {
        std::memcpy(&shown, frame_of(packet) + ether_header, payload);
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
    stream_.tally().bytes += packet->pkt_len;
    if constexpr (with_verify) {
        if (!check(packet, answer.sequence)) ++counts_.corrupted;
    }
}

template <Loop loop, bool with_verify>
void Pinger::take(std::uint16_t count, std::uint64_t now) {
    for (std::uint16_t i = 0; i < count; ++i) {
        if (is_type(answers_[i], data_type)) [[likely]] {
            take_answer<loop, with_verify>(answers_[i], now);
        } else {
            stream_.sender().on_other(answers_[i], sent_);
            ++counts_.foreign;
        }
    }
    free_burst(port_.pool(), answers_.data(), count);
}

bool Pinger::on_limit() {
    if (!stream_.tally().clock_runs()) {
        rtt_.clear();
        recorded_from_ = sent_;
    }
    return stream_.on_limit(sent_);
}

// Sends a burst and takes its answers. Takes them while it is still sending too: a burst may be
// larger than what is on the way at once. False when the run is to end.
template <bool with_verify>
bool Pinger::exchange(std::uint32_t count) {
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
            port_.receive(answers_.data(), static_cast<std::uint16_t>(options_.burst));
        if (came != 0) {
            const std::uint64_t now = now_cycles();
            take<Loop::closed, with_verify>(came, now);
            heard_at = now;
            if (!pacer.spend(came)) continue;
        } else if (!pacer.spend_empty()) {
            continue;
        }
        if (go_on && !stream_.on_tick(sent_)) {
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
    if (done < count) rte_pktmbuf_free_bulk(asks_.data() + done, count - done);
    return go_on;
}

template <bool with_verify>
void Pinger::ping() {
    for (;;) {
        if (sent_ >= stream_.limit() && !on_limit()) return;
        const auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(options_.burst, stream_.limit() - sent_));
        if (!stream_.builder().build_planned<with_verify>(asks_.data(), count, sent_,
                                                          stream_.plan())) [[unlikely]] {
            port_.reclaim();
            if (stream_.pacer().spend_empty() && !stream_.on_tick(sent_)) return;
            continue;
        }
        if (!exchange<with_verify>(count)) return;
    }
}

// What is due by now and can be under way; says how many. What the port does not take stays due.
template <bool with_verify>
std::uint32_t Pinger::send_due() {
    if (sent_ >= stream_.limit() && !on_limit()) {
        sending_ = false;
        heard_at_ = now_cycles();
        return 0;
    }
    const std::uint64_t most = std::min<std::uint64_t>(
        std::min(options_.burst, outstanding_.room()), stream_.limit() - sent_);
    const std::uint32_t count =
        stream_.schedule().count_due(now_cycles(), sent_, static_cast<std::uint32_t>(most));
    if (count == 0) return 0;
    if (!stream_.builder().build_planned<with_verify>(asks_.data(), count, sent_, stream_.plan())) {
        port_.reclaim();
        return 0;
    }
    const std::uint64_t now = now_cycles();
    const std::uint16_t done = port_.send(asks_.data(), static_cast<std::uint16_t>(count));
    outstanding_.ask(done, now);
    sent_ += done;
    if (done < count) rte_pktmbuf_free_bulk(asks_.data() + done, count - done);
    return done;
}

void Pinger::on_open_tick(std::uint32_t moved) {
    if (sending_ && !stream_.on_tick(sent_)) {
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

template <bool with_verify>
void Pinger::ping_at_rate() {
    constexpr std::uint16_t answers_at_once = 32;
    Pacer& pacer = stream_.pacer();
    outstanding_.restart(0);
    sending_ = true;
    patience_ = to_cycles(answer_seconds);
    downs_ = bench_.link.downs();
    while (sending_ || outstanding_.missing() != 0) {
        const std::uint16_t came = port_.receive(answers_.data(), answers_at_once);
        if (came != 0) {
            heard_at_ = now_cycles();
            take<Loop::open, with_verify>(came, heard_at_);
        }
        const std::uint32_t moved = came + (sending_ ? send_due<with_verify>() : 0);
        if (moved != 0 ? pacer.spend(moved) : pacer.spend_empty()) on_open_tick(moved);
        if (!sending_ && now_cycles() - heard_at_ > patience_) break;
    }
    *counts_.lost += outstanding_.give_up(UINT64_MAX);
}

void Pinger::run_size(Row& row) {
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
bool run_ping(const Bench& bench) {
    return std::make_unique<Pinger>(bench)->run();
}

}  // namespace famez::pingpong
