// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/eventfd.h>
#include <famez/sleeper.h>

namespace famez {

Sleeper::Sleeper(Port& port, std::uint32_t lane, int eventfd, RxCounters& counters)
    : port_(port),
      word_(at<layout::SleepLine>(port.region(), port.geometry().sleep_offset(port.id(), lane))
                .sleeping),
      eventfd_(eventfd),
      counters_(counters),
      // Far from those of earlier incarnations: a sender of theirs may still be about to clear one.
      generation_(port.epoch() << 24) {
    store_relaxed(word_, std::uint64_t{0});
}

Sleeper::~Sleeper() {
    store_relaxed(word_, std::uint64_t{0});
}

void Sleeper::begin() {
    if (++generation_ == 0) ++generation_;
    add(counters_.sleeps, 1);
    store_relaxed(word_, generation_);
    asleep_.store(generation_, std::memory_order_relaxed);
}

void Sleeper::wake_up() {
    asleep_.store(0, std::memory_order_relaxed);
    store_relaxed(word_, std::uint64_t{0});
    control_fence();
}

void Sleeper::tick() {
    const std::uint64_t asleep = asleep_.load(std::memory_order_relaxed);
    if (asleep != 0 && asleep == asleep_at_last_tick_) ring_self();
    asleep_at_last_tick_ = asleep;
}

void Sleeper::drain() {
    const std::uint64_t count = drain_eventfd(eventfd_);
    if (count == 0) return;
    const std::uint64_t own = own_rings_.exchange(0, std::memory_order_relaxed);
    add(counters_.doorbells, count - std::min(own, count));
}

void Sleeper::ring_self() {
    own_rings_.fetch_add(1, std::memory_order_relaxed);
    ring_eventfd(eventfd_);
}

}  // namespace famez
