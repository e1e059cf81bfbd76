// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "clock.h"
#include "fabric_builder.h"
#include "frames.h"
#include "pacer.h"
#include "roles.h"
#include "stream.h"

namespace famez::pingpong {
namespace {

enum class Shape { fixed, planned };  // one size in one segment, or anything
enum class Pace { unlimited, at_rate };

template <class AnyPort>
class Transmitter {
  public:
    Transmitter(const Bench& bench, AnyPort& port)
        : options_(bench.options),
          port_(port),
          stream_(bench),
          builder_(port),
          tally_(stream_.tally()) {}

    bool run() { return stream_.run(*this); }
    void aim() { builder_.aim_at(stream_.sender().destination()); }
    void run_size(Row& row);

  private:
    template <Pace pace>
    void transmit();
    template <bool with_pattern, Shape shape, Pace pace>
    void transmit_as();
    template <bool with_pattern, Shape shape>
    std::uint32_t build(std::uint32_t count, std::uint64_t sequence);
    std::uint64_t begin_burst();
    bool push(std::uint32_t count);
    bool wait_until_due();
    bool on_tick();

    const Options& options_;
    AnyPort& port_;
    Stream stream_;
    typename AnyPort::Builder builder_;
    Tally& tally_;
    std::uint16_t queue_ = 0;                       // with several: the last one used
    std::array<std::uint64_t, max_queues> next_{};  // and the next sequence number of each
    std::array<typename AnyPort::Packet, max_burst> packets_{};
};

template <class AnyPort>
bool Transmitter<AnyPort>::on_tick() {
    // Nobody else takes the questions of a receiver that is new here.
    stream_.sender().poll(tally_.messages);
    const bool go_on = stream_.on_tick(tally_.messages);
    aim();
    return go_on;
}

// Says how many: at most so many, and none when there is no buffer.
template <class AnyPort>
template <bool with_pattern, Shape shape>
std::uint32_t Transmitter<AnyPort>::build(std::uint32_t count, std::uint64_t sequence) {
    const SizePlan& plan = stream_.plan();
    if constexpr (shape == Shape::fixed) {
        return builder_.template build_fixed<with_pattern>(packets_.data(), count, sequence,
                                                           plan.range().min);
    } else {
        return builder_.template build_planned<with_pattern>(packets_.data(), count, sequence,
                                                             plan);
    }
}

// Its first sequence number. A burst goes to one queue as a whole.
template <class AnyPort>
std::uint64_t Transmitter<AnyPort>::begin_burst() {
    if (options_.queues == 1) [[likely]]
        return tally_.messages;
    queue_ = static_cast<std::uint16_t>(queue_ + 1 < options_.queues ? queue_ + 1 : 0);
    port_.use_queue(queue_);
    return next_[queue_];
}

// Hands a burst over, however long the other end lets us wait: nothing is dropped here. False when
// the run is to end.
template <class AnyPort>
bool Transmitter<AnyPort>::push(std::uint32_t count) {
    std::uint32_t done = 0;
    do {
        const auto rest = static_cast<std::uint16_t>(count - done);
        const std::uint16_t taken = port_.send(packets_.data() + done, rest);
        done += taken;
        tally_.messages += taken;
        if (stream_.pacer().spend(taken) && !on_tick()) {
            if (done < count) port_.free(packets_.data() + done, count - done);
            return false;
        }
    } while (done < count);
    return true;
}

// Returns early now and then; false when the run is to end.
template <class AnyPort>
bool Transmitter<AnyPort>::wait_until_due() {
    Pacer& pacer = stream_.pacer();
    const bool paused = pacer.pause_until(stream_.schedule().due(tally_.messages));
    return !(pacer.spend_empty() || paused) || on_tick();
}

template <class AnyPort>
template <bool with_pattern, Shape shape, Pace pace>
void Transmitter<AnyPort>::transmit_as() {
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
        const std::uint64_t sequence = begin_burst();
        count = build<with_pattern, shape>(count, sequence);
        if (count == 0) [[unlikely]] {
            port_.reclaim();
            if (stream_.pacer().spend_empty() && !on_tick()) return;
            continue;
        }
        const bool go_on = push(count);
        next_[queue_] = sequence + (tally_.messages - first);
        if constexpr (shape == Shape::fixed) {
            tally_.bytes += (tally_.messages - first) * stream_.plan().range().min;
        } else {
            for (std::uint64_t i = sequence; i < next_[queue_]; ++i)
                tally_.bytes += stream_.plan().size_of(i);
        }
        if (!go_on) return;
    }
}

template <class AnyPort>
template <Pace pace>
void Transmitter<AnyPort>::transmit() {
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

template <class AnyPort>
void Transmitter<AnyPort>::run_size(Row& row) {
    for (std::uint32_t queue = 0; queue < max_queues; ++queue)
        next_[queue] = queue_sequence(queue);
    options_.rate ? transmit<Pace::at_rate>() : transmit<Pace::unlimited>();
    row.sent = tally_.messages;
}

}  // namespace

template <class AnyPort>
bool run_tx(const Bench& bench, AnyPort& port) {
    return Transmitter<AnyPort>(bench, port).run();
}

template bool run_tx(const Bench& bench, EthdevPort& port);
template bool run_tx(const Bench& bench, FabricPort& port);

}  // namespace famez::pingpong
