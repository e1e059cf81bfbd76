// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "clock.h"
#include "frames.h"
#include "pacer.h"
#include "roles.h"
#include "sender.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

enum class Shape { fixed, planned };  // one size in one segment, or anything

class Transmitter {
  public:
    explicit Transmitter(const Bench& bench)
        : bench_(bench),
          options_(bench.options),
          port_(bench.port),
          sender_(options_, port_, bench.link),
          pacer_(options_, bench.link, tally_),
          builder_(port_) {}

    bool run();

  private:
    bool run_size(std::uint32_t run);
    void transmit();
    template <bool with_pattern, Shape shape>
    void transmit_as();
    template <bool with_pattern, Shape shape>
    bool build(std::uint32_t count);
    bool push(std::uint32_t count);
    bool on_limit();
    bool on_tick();
    void report(const std::optional<ControlMessage>& peer);

    const Bench& bench_;
    const Options& options_;
    const Port& port_;
    Sender sender_;
    Tally tally_;
    Pacer pacer_;
    FrameBuilder builder_;
    SizePlan plan_;
    std::uint64_t limit_ = 0;
    std::uint64_t downs_ = 0;  // of the link, as far as the partner has been told where we are
    std::uint64_t downs_before_ = 0;
    std::uint64_t stalls_before_ = 0;
    const char* ended_ = "";
    std::array<rte_mbuf*, 512> packets_{};
};

bool Transmitter::on_limit() {
    if (!tally_.clock_runs()) {
        tally_.start_clock();
        if (options_.duration_s) {
            pacer_.set_deadline(tally_.start_cycles + to_cycles(*options_.duration_s));
        }
        limit_ = options_.count ? tally_.messages + *options_.count : UINT64_MAX;
        return true;
    }
    ended_ = "count";
    return false;
}

bool Transmitter::on_tick() {
    const bool go_on = pacer_.tick_and_hold();
    if (downs_ != bench_.link.downs() && bench_.link.is_up()) {
        downs_ = bench_.link.downs();
        sender_.resume(tally_.messages);
    }
    sender_.poll(tally_.messages);
    builder_.aim_at(sender_.destination());
    return go_on;
}

template <bool with_pattern, Shape shape>
bool Transmitter::build(std::uint32_t count) {
    if constexpr (shape == Shape::fixed) {
        return builder_.build_fixed<with_pattern>(packets_.data(), count, tally_.messages,
                                                  plan_.range().min);
    } else {
        return builder_.build_planned<with_pattern>(packets_.data(), count, tally_.messages, plan_);
    }
}

// Hands a burst over, however long the other end lets us wait: nothing is dropped here. False when
// the run is to end.
bool Transmitter::push(std::uint32_t count) {
    std::uint32_t done = 0;
    do {
        const auto rest = static_cast<std::uint16_t>(count - done);
        const std::uint16_t taken = port_.send(packets_.data() + done, rest);
        done += taken;
        tally_.messages += taken;
        if (pacer_.spend(taken) && !on_tick()) {
            if (done < count) rte_pktmbuf_free_bulk(packets_.data() + done, count - done);
            return false;
        }
    } while (done < count);
    return true;
}

template <bool with_pattern, Shape shape>
void Transmitter::transmit_as() {
    for (;;) {
        if (tally_.messages >= limit_ && !on_limit()) return;
        const std::uint64_t first = tally_.messages;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.burst, limit_ - first));
        if (!build<with_pattern, shape>(count)) [[unlikely]] {
            port_.reclaim();
            if (pacer_.spend(0) && !on_tick()) return;
            continue;
        }
        const bool go_on = push(count);
        if constexpr (shape == Shape::fixed) {
            tally_.bytes += (tally_.messages - first) * plan_.range().min;
        } else {
            for (std::uint64_t i = first; i < tally_.messages; ++i)
                tally_.bytes += plan_.size_of(i);
        }
        if (!go_on) return;
    }
}

void Transmitter::transmit() {
    const bool fixed = !plan_.range().mixed() && plan_.range().max <= port_.segment_size();
    if (fixed) {
        options_.verify ? transmit_as<true, Shape::fixed>() : transmit_as<false, Shape::fixed>();
    } else {
        options_.verify ? transmit_as<true, Shape::planned>()
                        : transmit_as<false, Shape::planned>();
    }
    tally_.end_cycles = now_cycles();
}

void Transmitter::report(const std::optional<ControlMessage>& peer) {
    Row row;
    row.size = plan_.range();
    row.tally = tally_;
    row.sent = tally_.messages;
    row.peer = peer;
    row.link_downs = bench_.link.downs() - downs_before_;
    row.stalls = pacer_.stalls() - stalls_before_;
    row.ended = ended_;
    bench_.reporter.add(row);
}

// False: this was the last size, whether planned or not.
bool Transmitter::run_size(std::uint32_t run) {
    plan_ = SizePlan(options_.sizes[run]);
    tally_ = Tally();
    if (!sender_.begin(run)) return false;
    builder_.aim_at(sender_.destination());
    downs_before_ = downs_ = bench_.link.downs();
    stalls_before_ = pacer_.stalls();
    limit_ = options_.warmup;
    ended_ = "";
    pacer_.restart();
    pacer_.watch_for_stalls(true);
    transmit();
    if (*ended_ == '\0') {
        ended_ =
            pacer_.link_ended_it() ? "link_down" : (stop_requested() ? "interrupted" : "duration");
    }
    const bool last =
        stop_requested() || pacer_.link_ended_it() || run + 1 == options_.sizes.size();
    report(sender_.end(tally_.messages, tally_.messages, last));
    return !last;
}

bool Transmitter::run() {
    std::uint32_t run = 0;
    while (run_size(run))
        ++run;
    return bench_.reporter.rows() != 0;
}

}  // namespace

bool run_tx(const Bench& bench) {
    return Transmitter(bench).run();
}

}  // namespace famez::pingpong
