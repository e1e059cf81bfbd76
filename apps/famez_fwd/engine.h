// SPDX-License-Identifier: BSD-3-Clause
// The whole switch: ports, tables, workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config.h"
#include "counters.h"
#include "mac_table.h"
#include "ports.h"
#include "route_source.h"
#include "worker.h"

namespace famez::fwd {

class Engine {
  public:
    // After EAL has started. Throws PortError, RouteError.
    explicit Engine(const Options& options);

    // Starts the workers; the calling thread, EAL's main one, is one of them if its lcore is to
    // work. Returns when all have ended.
    void run();

    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] const Ports& ports() const { return *ports_; }
    [[nodiscard]] MacTable& table() { return table_; }
    [[nodiscard]] const MacTable& table() const { return table_; }
    [[nodiscard]] RouteSource* routes() const { return routes_.get(); }
    [[nodiscard]] std::size_t workers() const { return workers_.size(); }

    // Any thread.
    [[nodiscard]] Totals totals(std::uint16_t port) const;
    [[nodiscard]] Totals totals() const;
    [[nodiscard]] std::uint64_t sleeps() const;

  private:
    const Options& options_;
    std::vector<unsigned> lcores_;
    std::unique_ptr<Ports> ports_;
    MacTable table_;
    std::unique_ptr<RouteSource> routes_;
    std::optional<Shared> shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace famez::fwd
