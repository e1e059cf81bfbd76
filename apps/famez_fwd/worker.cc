// SPDX-License-Identifier: BSD-3-Clause
#include "worker.h"

#include <algorithm>
#include <span>

#include <rte_cycles.h>

#include "idle.h"
#include "stop.h"
#include "ways.h"

namespace famez::fwd {
namespace {

// At the end frames that wait are offered for so long.
constexpr double last_tries_seconds = 0.1;

std::uint64_t ticks(double seconds, std::uint64_t hz) {
    return static_cast<std::uint64_t>(seconds * static_cast<double>(hz));
}

// Of a rate, for each queue of a port. 0 is no limit.
std::uint64_t share_of(std::uint64_t rate, std::uint16_t queues) {
    return rate == 0 ? 0 : std::max<std::uint64_t>(1, rate / queues);
}

// In pairs nobody else's frames wait behind those for a port that stands still.
bool in_pairs(Mode mode) {
    return mode == Mode::io || mode == Mode::macswap;
}

}  // namespace

Worker::Worker(const Shared& shared, std::uint16_t index, std::uint16_t workers, unsigned lcore)
    : shared_(shared),
      index_(index),
      lcore_(lcore),
      hz_(rte_get_tsc_hz()),
      crossing_{static_cast<std::uint16_t>(shared.options.burst), shared.ports.pool(), {}, {}, {}} {
    add_streams(workers);
    add_outlets();
}

void Worker::add_streams(std::uint16_t workers) {
    const Options& options = shared_.options;
    const std::uint64_t floods = options.mode == Mode::bridge ? options.flood_rate : 0;
    std::uint32_t number = 0;
    for (std::uint16_t i = 0; i < shared_.ports.count(); ++i) {
        const Port& port = shared_.ports[i];
        for (std::uint16_t queue = 0; queue < port.rx_queues(); ++queue) {
            if (number++ % workers != index_) continue;
            crossing_.streams.push_back({i, port.id(), queue, &counters_[i],
                                         TokenBucket(share_of(floods, port.rx_queues()), hz_)});
        }
    }
}

void Worker::add_outlets() {
    const Options& options = shared_.options;
    const double stall_s = in_pairs(options.mode) ? 0 : options.stall_ms * 1e-3;
    for (std::uint16_t i = 0; i < shared_.ports.count(); ++i) {
        const Port& port = shared_.ports[i];
        const OutletConfig config{
            .port = port.id(),
            .queue = port.tx_queue_of(index_),
            .lock = port.lock_of(index_),
            .index = i,
            .burst = options.burst * bursts_at_once,
            .longest_frame = options.mtu + Ports::frame_overhead,
            .when_full = options.when_full,
            .drain_ticks = ticks(options.drain_us * 1e-6, hz_),
            .stall_ticks = ticks(stall_s, hz_),
            .ticks_per_second = hz_,
            .impairment = port.impairment(),
            .seed = options.seed + i + std::uint64_t{index_} * max_ports,
            .pool = shared_.ports.pool(),
        };
        crossing_.outlets.push_back(std::make_unique<Outlet>(config, counters_[i], crossing_.load));
    }
}

void Worker::run() {
    const Options& options = shared_.options;
    switch (options.mode) {
        case Mode::io: {
            PairWay<false> way(crossing_);
            return run_way(way);
        }
        case Mode::macswap: {
            PairWay<true> way(crossing_);
            return run_way(way);
        }
        case Mode::bridge: {
            BridgeWay way(shared_.table);
            return run_way(way);
        }
        case Mode::route: {
            RouteWay way(*shared_.routes, index_, options.seed, hz_);
            return run_way(way);
        }
        case Mode::hub: {
            HubWay way;
            return run_way(way);
        }
    }
}

template <class Way>
void Worker::run_way(Way& way) {
    const auto idle_us = shared_.options.idle_us;
    Idle idle(crossing_.streams,
              idle_us ? std::max<std::uint64_t>(1, ticks(*idle_us * 1e-6, hz_)) : 0, hz_);
    const std::span<Stream> streams(crossing_.streams);
    while (!stop_requested()) {
        way.refresh();
        std::uint32_t came = 0;
        for (Stream& stream : streams)
            came += way.poll(crossing_, stream);
        if (crossing_.load.waiting != 0 || way.waiting()) [[unlikely]] {
            const std::uint64_t now = rte_rdtsc();
            way.serve(crossing_, now);
            crossing_.each(crossing_.load.waiting, [now](Outlet& outlet) { outlet.work(now); });
        }
        if (came != 0) {
            idle.seen();
        } else if (idle.tired()) {
            idle.rest(next_due(way));
            sleeps_.store(idle.sleeps(), std::memory_order_relaxed);
        }
    }
    finish(way);
}

template <class Way>
std::uint64_t Worker::next_due(const Way& way) const {
    const std::uint64_t now = rte_rdtsc();
    std::uint64_t due = way.next_due();
    crossing_.each(crossing_.load.waiting,
                   [&](const Outlet& outlet) { due = std::min(due, outlet.next_due(now)); });
    return due;
}

// Frames that wait for room are offered a little longer; those on an emulated wire are given up.
template <class Way>
void Worker::finish(Way& way) {
    const std::uint64_t give_up = rte_rdtsc() + ticks(last_tries_seconds, hz_);
    way.end(crossing_);
    while (crossing_.load.waiting != 0 && rte_rdtsc() < give_up) {
        crossing_.each(crossing_.load.waiting, [](Outlet& outlet) { outlet.push(); });
    }
    for (const auto& outlet : crossing_.outlets)
        outlet->end();
}

}  // namespace famez::fwd
