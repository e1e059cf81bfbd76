// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <bitset>
#include <memory>

#include "clock.h"
#include "frames.h"
#include "histogram.h"
#include "pacer.h"
#include "roles.h"
#include "sender.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

// An answer is given up when none at all has come for so long: the partner may be waiting for a CPU.
constexpr double answer_seconds = 2.0;
constexpr double last_answer_seconds = 0.1;
constexpr std::uint32_t max_burst = 512;

// What has been asked in this burst and what of it was answered.
class Outstanding {
  public:
    void ask(std::uint64_t first, std::uint32_t count) {
        first_ = first;
        count_ = count;
        next_ = answered_ = 0;
        done_.reset();
    }
    [[nodiscard]] std::uint32_t missing() const { return count_ - answered_; }

    enum class Kind { in_order, reordered, duplicated, late };
    struct Answer {
        Kind kind;
        std::uint64_t sequence;
    };

    // Whose answer this is. A short payload shows only the low bits, which is enough in all but the
    // largest bursts of the smallest messages; there the next one expected decides.
    [[nodiscard]] Answer place(std::uint64_t shown, std::uint64_t mask) {
        const std::uint64_t ahead = (shown - (first_ + next_)) & mask;
        const std::uint64_t index = next_ + ahead;
        if (index < count_ && !done_[index]) {
            mark(index);
            next_ = static_cast<std::uint32_t>(index) + 1;
            return {Kind::in_order, first_ + index};
        }
        const std::uint64_t back = (shown - first_) & mask;
        if (back >= count_) return {Kind::late, shown};
        if (done_[back]) return {Kind::duplicated, first_ + back};
        mark(back);
        return {Kind::reordered, first_ + back};
    }

  private:
    void mark(std::uint64_t index) {
        done_.set(index);
        ++answered_;
    }

    std::uint64_t first_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t next_ = 0;
    std::uint32_t answered_ = 0;
    std::bitset<max_burst> done_;
};

class Pinger {
  public:
    explicit Pinger(const Bench& bench)
        : bench_(bench),
          options_(bench.options),
          port_(bench.port),
          sender_(options_, port_, bench.link),
          pacer_(options_, bench.link, tally_),
          builder_(port_) {}

    bool run();

  private:
    bool run_size(std::uint32_t run);
    template <bool with_verify>
    void ping();
    template <bool with_verify>
    bool exchange(std::uint32_t count);
    template <bool with_verify>
    void take(std::uint16_t count, std::uint64_t now);
    template <bool with_verify>
    void take_answer(const rte_mbuf* packet, std::uint64_t now);
    bool check(const rte_mbuf* packet, std::uint64_t sequence);
    bool on_limit();
    bool on_tick();
    void report(const std::optional<ControlMessage>& peer);

    const Bench& bench_;
    const Options& options_;
    const Port& port_;
    Sender sender_;
    Tally tally_;  // the answers
    Pacer pacer_;
    FrameBuilder builder_;
    SizePlan plan_;
    Histogram rtt_;
    Outstanding outstanding_;
    std::vector<Piece> pieces_;
    std::uint64_t sent_ = 0;
    std::uint64_t limit_ = 0;
    std::uint64_t asked_at_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t late_ = 0;
    std::uint64_t duplicated_ = 0;
    std::uint64_t reordered_ = 0;
    std::uint64_t corrupted_ = 0;
    std::uint64_t foreign_ = 0;
    std::uint64_t downs_ = 0;
    std::uint64_t downs_before_ = 0;
    std::uint64_t stalls_before_ = 0;
    const char* ended_ = "";
    std::array<rte_mbuf*, max_burst> asks_{};
    std::array<rte_mbuf*, max_burst> answers_{};
};

bool Pinger::check(const rte_mbuf* packet, std::uint64_t sequence) {
    if (packet->pkt_len != plan_.size_of(sequence)) return false;
    collect_payload(packet, pieces_);
    std::size_t offset = 0;
    for (const Piece& piece : pieces_) {
        if (!matches_pattern(piece.data, piece.size, offset, sequence)) return false;
        offset += piece.size;
    }
    return true;
}

template <bool with_verify>
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
            ++late_;
            return;
        case Outstanding::Kind::duplicated:
            ++duplicated_;
            return;
        case Outstanding::Kind::reordered:
            ++reordered_;
            break;
        case Outstanding::Kind::in_order:
            break;
    }
    rtt_.record(now - asked_at_);
    ++tally_.messages;
    tally_.bytes += packet->pkt_len;
    if constexpr (with_verify) {
        if (!check(packet, answer.sequence)) ++corrupted_;
    }
}

template <bool with_verify>
void Pinger::take(std::uint16_t count, std::uint64_t now) {
    for (std::uint16_t i = 0; i < count; ++i) {
        if (is_type(answers_[i], data_type)) [[likely]] {
            take_answer<with_verify>(answers_[i], now);
        } else {
            sender_.on_other(answers_[i], sent_);
            ++foreign_;
        }
    }
    free_burst(port_.pool(), answers_.data(), count);
}

// Sends a burst and takes its answers. Takes them while it is still sending too: a burst may be
// larger than what is on the way at once. False when the run is to end.
template <bool with_verify>
bool Pinger::exchange(std::uint32_t count) {
    const std::uint64_t downs = bench_.link.downs();
    std::uint64_t patience = to_cycles(answer_seconds);
    std::uint32_t done = 0;
    bool go_on = true;
    outstanding_.ask(sent_, count);
    asked_at_ = now_cycles();
    std::uint64_t heard_at = asked_at_;
    while (outstanding_.missing() != 0) {
        if (done < count) {
            const auto rest = static_cast<std::uint16_t>(count - done);
            done += port_.send(asks_.data() + done, rest);
        }
        const std::uint16_t came =
            port_.receive(answers_.data(), static_cast<std::uint16_t>(options_.burst));
        if (came != 0) {
            const std::uint64_t now = now_cycles();
            take<with_verify>(came, now);
            heard_at = now;
        }
        if (!pacer_.spend(came)) continue;
        if (go_on && !on_tick()) {
            // What is under way when Ctrl-C comes or the time is up is still waited for, a little.
            go_on = false;
            heard_at = now_cycles();
            patience = to_cycles(last_answer_seconds);
        }
        const bool overdue = now_cycles() - heard_at > patience;
        if (overdue || downs != bench_.link.downs()) break;
    }
    sent_ += done;
    lost_ += outstanding_.missing() - (count - done);
    if (done < count) rte_pktmbuf_free_bulk(asks_.data() + done, count - done);
    return go_on;
}

bool Pinger::on_limit() {
    if (!tally_.clock_runs()) {
        rtt_.clear();
        tally_.start_clock();
        if (options_.duration_s) {
            pacer_.set_deadline(tally_.start_cycles + to_cycles(*options_.duration_s));
        }
        limit_ = options_.count ? sent_ + *options_.count : UINT64_MAX;
        return true;
    }
    ended_ = "count";
    return false;
}

bool Pinger::on_tick() {
    const bool go_on = pacer_.tick_and_hold();
    if (downs_ != bench_.link.downs() && bench_.link.is_up()) {
        downs_ = bench_.link.downs();
        sender_.resume(sent_);
    }
    builder_.aim_at(sender_.destination());
    return go_on;
}

template <bool with_verify>
void Pinger::ping() {
    for (;;) {
        if (sent_ >= limit_ && !on_limit()) return;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.burst, limit_ - sent_));
        if (!builder_.build_planned<with_verify>(asks_.data(), count, sent_, plan_)) [[unlikely]] {
            port_.reclaim();
            if (pacer_.spend(0) && !on_tick()) return;
            continue;
        }
        if (!exchange<with_verify>(count)) return;
    }
}

void Pinger::report(const std::optional<ControlMessage>& peer) {
    Row row;
    row.size = plan_.range();
    row.tally = tally_;
    row.sent = sent_;
    row.received = tally_.messages;
    row.lost = lost_;
    row.late = late_;
    row.duplicated = duplicated_;
    row.reordered = reordered_;
    row.corrupted = corrupted_;
    row.foreign = foreign_;
    row.rtt = &rtt_;
    row.content_verified = options_.verify;
    row.peer = peer;
    row.link_downs = bench_.link.downs() - downs_before_;
    row.stalls = pacer_.stalls() - stalls_before_;
    row.ended = ended_;
    bench_.reporter.add(row);
}

// False: this was the last size, whether planned or not.
bool Pinger::run_size(std::uint32_t run) {
    plan_ = SizePlan(options_.sizes[run]);
    tally_ = Tally();
    rtt_.clear();
    if (!sender_.begin(run)) return false;
    builder_.aim_at(sender_.destination());
    sent_ = lost_ = late_ = duplicated_ = reordered_ = corrupted_ = foreign_ = 0;
    downs_before_ = downs_ = bench_.link.downs();
    stalls_before_ = pacer_.stalls();
    limit_ = options_.warmup;
    ended_ = "";
    pacer_.restart();
    pacer_.watch_for_stalls(true);
    options_.verify ? ping<true>() : ping<false>();
    tally_.end_cycles = now_cycles();
    if (*ended_ == '\0') {
        ended_ =
            pacer_.link_ended_it() ? "link_down" : (stop_requested() ? "interrupted" : "duration");
    }
    const bool last =
        stop_requested() || pacer_.link_ended_it() || run + 1 == options_.sizes.size();
    report(sender_.end(sent_, sent_, last));
    return !last;
}

bool Pinger::run() {
    std::uint32_t run = 0;
    while (run_size(run))
        ++run;
    return bench_.reporter.rows() != 0;
}

}  // namespace

// Not on the stack: the histogram is large.
bool run_ping(const Bench& bench) {
    return std::make_unique<Pinger>(bench)->run();
}

}  // namespace famez::pingpong
