// SPDX-License-Identifier: BSD-3-Clause
//
// What the ports' own counters and the lane blocks say of the traffic, at one moment. All of it was
// written by others: it is shown, and nothing depends on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include <famez/port_table.h>

#include "session.h"

namespace famez::client {

struct PortTraffic {
    std::string name;
    std::string state;  // census.h
    Epoch epoch = 0;
    std::uint64_t tx_messages = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t rx_messages = 0;
    std::uint64_t rx_bytes = 0;
    std::uint64_t drops = 0;  // for whatever reason, and lost in flight
    std::uint32_t lanes_in = 0;
    std::uint32_t lanes_out = 0;
    // The fullest of the rings that it reads, in bytes not acknowledged yet.
    std::uint64_t backlog = 0;
};

struct Traffic {
    std::chrono::steady_clock::time_point at;
    std::map<std::uint32_t, PortTraffic> ports;  // those with lanes
};

// The region has a fabric.
Traffic take_traffic(Session& session);

// Per second, between two moments.
struct PortRates {
    double tx_messages = 0;
    double tx_bytes = 0;
    double rx_messages = 0;
    double rx_bytes = 0;
    double drops = 0;
};
// Zeroes where `before` does not know the port, or knows another holder of its id.
PortRates rates_of(const Traffic& before, const Traffic& now, std::uint32_t id);

}  // namespace famez::client
