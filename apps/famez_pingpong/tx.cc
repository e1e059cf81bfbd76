// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "clock.h"
#include "frames.h"
#include "pacer.h"
#include "roles.h"
#include "stream.h"

namespace famez::pingpong {
namespace {

enum class Shape { fixed, planned };  // one size in one segment, or anything
enum class Pace { unlimited, at_rate };

class Transmitter {
  public:
    explicit Transmitter(const Bench& bench)
        : options_(bench.options), port_(bench.port), stream_(bench), tally_(stream_.tally()) {}

    bool run() { return stream_.run(*this); }
    void run_size(Row& row);

  private:
    template <Pace pace>
    void transmit();
    template <bool with_pattern, Shape shape, Pace pace>
    void transmit_as();
    template <bool with_pattern, Shape shape>
    bool build(std::uint32_t count);
    bool push(std::uint32_t count);
    bool wait_until_due();
    bool on_tick();

    const Options& options_;
    const Port& port_;
    Stream stream_;
    Tally& tally_;
    std::array<rte_mbuf*, 512> packets_{};
};

bool Transmitter::on_tick() {
    // Nobody else takes the questions of a receiver that is new here.
    stream_.sender().poll(tally_.messages);
    return stream_.on_tick(tally_.messages);
}

template <bool with_pattern, Shape shape>
bool Transmitter::build(std::uint32_t count) {
    const FrameBuilder& builder = stream_.builder();
    const SizePlan& plan = stream_.plan();
    if constexpr (shape == Shape::fixed) {
        return builder.build_fixed<with_pattern>(packets_.data(), count, tally_.messages,
                                                 plan.range().min);
    } else {
        return builder.build_planned<with_pattern>(packets_.data(), count, tally_.messages, plan);
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
        if (stream_.pacer().spend(taken) && !on_tick()) {
            if (done < count) rte_pktmbuf_free_bulk(packets_.data() + done, count - done);
            return false;
        }
    } while (done < count);
    return true;
}

// Returns early now and then; false when the run is to end.
bool Transmitter::wait_until_due() {
    Pacer& pacer = stream_.pacer();
    const bool paused = pacer.pause_until(stream_.schedule().due(tally_.messages));
    return !(pacer.spend_empty() || paused) || on_tick();
}

template <bool with_pattern, Shape shape, Pace pace>
void Transmitter::transmit_as() {
    for (;;) {
        const std::uint64_t first = tally_.messages;
        if (first >= stream_.limit() && !stream_.on_limit(first)) return;
        auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(options_.burst, stream_.limit() - first));
        if constexpr (pace == Pace::at_rate) {
            count = stream_.schedule().count_due(now_cycles(), first, count);
            if (count == 0) {
                if (!wait_until_due()) return;
                continue;
            }
        }
        if (!build<with_pattern, shape>(count)) [[unlikely]] {
            port_.reclaim();
            if (stream_.pacer().spend_empty() && !on_tick()) return;
            continue;
        }
        const bool go_on = push(count);
        if constexpr (shape == Shape::fixed) {
            tally_.bytes += (tally_.messages - first) * stream_.plan().range().min;
        } else {
            for (std::uint64_t i = first; i < tally_.messages; ++i)
                tally_.bytes += stream_.plan().size_of(i);
        }
        if (!go_on) return;
    }
}

template <Pace pace>
void Transmitter::transmit() {
    const SizeRange range = stream_.plan().range();
    const bool fixed = !range.mixed() && range.max <= port_.segment_size();
    if (fixed) {
        options_.verify ? transmit_as<true, Shape::fixed, pace>()
                        : transmit_as<false, Shape::fixed, pace>();
    } else {
        options_.verify ? transmit_as<true, Shape::planned, pace>()
                        : transmit_as<false, Shape::planned, pace>();
    }
}

void Transmitter::run_size(Row& row) {
    options_.rate ? transmit<Pace::at_rate>() : transmit<Pace::unlimited>();
    row.sent = tally_.messages;
}

}  // namespace

bool run_tx(const Bench& bench) {
    return Transmitter(bench).run();
}

}  // namespace famez::pingpong
