// SPDX-License-Identifier: BSD-3-Clause
// What one lcore does: polls its streams, each frame to its end.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "counters.h"
#include "crossing.h"
#include "mac_table.h"
#include "ports.h"
#include "route_source.h"

namespace famez::fwd {

// What the workers share.
struct Shared {
    const Options& options;
    const Ports& ports;
    MacTable& table;
    RouteSource* routes;  // --mode route
};

class Worker {
  public:
    // `index` among `workers`; of all receive queues it polls every so many-th.
    Worker(const Shared& shared, std::uint16_t index, std::uint16_t workers, unsigned lcore);

    // Until the stop: the lcore's own thread.
    void run();

    [[nodiscard]] unsigned lcore() const { return lcore_; }
    // Any thread.
    [[nodiscard]] const Counters& counters(std::uint16_t port) const { return counters_[port]; }
    [[nodiscard]] std::uint64_t sleeps() const { return sleeps_.load(std::memory_order_relaxed); }

  private:
    void add_streams(std::uint16_t workers);
    void add_outlets();
    template <class Way>
    void run_way(Way& way);
    template <class Way>
    [[nodiscard]] std::uint64_t next_due(const Way& way) const;
    template <class Way>
    void finish(Way& way);

    std::array<Counters, max_ports> counters_{};
    const Shared& shared_;
    const std::uint16_t index_;
    const unsigned lcore_;
    const std::uint64_t hz_;
    Count sleeps_{0};
    Crossing crossing_;
};

}  // namespace famez::fwd
