// SPDX-License-Identifier: BSD-3-Clause
// All that is shown of the switch, at one moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "counters.h"

namespace famez::fwd {

class Engine;

struct PortSnapshot {
    std::string name;
    std::string driver;
    bool link_up = false;
    Totals totals;
    // The driver's own.
    std::uint64_t rx_bytes = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t rx_missed = 0;  // came while nobody read
    std::uint64_t rx_no_buffer = 0;
};

struct Snapshot {
    double seconds = 0;  // since the start
    std::vector<PortSnapshot> ports;
    std::uint32_t addresses = 0;  // --mode switch
    std::uint64_t address_moves = 0;
    std::uint64_t addresses_refused = 0;
    std::uint64_t routes = 0;  // --mode route
    std::uint64_t sleeps = 0;

    [[nodiscard]] Totals totals() const;
};

Snapshot take_snapshot(const Engine& engine, double seconds);

}  // namespace famez::fwd
