// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include <famez/sleeper.h>

namespace famez {

Sleeper::Sleeper(Port& port, std::span<const SleepLane> lanes, Doorbell doorbell,
                 RxCounters& counters)
    : port_(port), doorbell_(std::move(doorbell)), counters_(counters) {
    for (const auto& [lane, vector] : lanes) {
        auto& line =
            at<layout::SleepLine>(port.region(), port.geometry().sleep_offset(port.id(), lane));
        store_relaxed(line.sleeping, std::uint64_t{0});
        lines_.push_back({&line, vector});
    }
}

Sleeper::~Sleeper() {
    wake_up();
}

// The vector first: who sees that we sleep sees what to ring.
void Sleeper::begin() {
    const std::uint64_t generation = port_.new_sleep();
    add(counters_.sleeps, 1);
    for (const auto& [shared, vector] : lines_) {
        if (load_relaxed(shared->vector) != vector) {
            store_relaxed(shared->vector, vector);
            control_fence();
        }
        store_release(shared->sleeping, generation);
    }
    asleep_.store(generation, std::memory_order_relaxed);
}

void Sleeper::wake_up() {
    asleep_.store(0, std::memory_order_relaxed);
    for (const auto& [shared, vector] : lines_)
        store_relaxed(shared->sleeping, std::uint64_t{0});
    control_fence();
}

void Sleeper::tick() {
    const std::uint64_t asleep = asleep_.load(std::memory_order_relaxed);
    if (asleep != 0 && asleep == asleep_at_last_tick_) ring_self();
    asleep_at_last_tick_ = asleep;
}

void Sleeper::drain() {
    const std::uint64_t count = doorbell_.drain();
    if (count == 0) return;
    const std::uint64_t own = own_rings_.exchange(0, std::memory_order_relaxed);
    add(counters_.doorbells, count - std::min(own, count));
}

void Sleeper::ring_self() {
    own_rings_.fetch_add(1, std::memory_order_relaxed);
    doorbell_.ring();
}

}  // namespace famez
