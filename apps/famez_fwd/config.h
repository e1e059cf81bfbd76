// SPDX-License-Identifier: BSD-3-Clause
// Everything that famez_fwd can be told, by options or by a file. Nothing of DPDK in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famez::fwd {

// How a frame's way is chosen.
enum class Mode {
    io,       // pairs of ports: 0 and 1, 2 and 3, ...; a single port reflects
    macswap,  // the same, with source and destination address exchanged
    bridge,   // --mode switch: learns who is where, floods what it does not know
    route,    // by a table from a file
    hub,      // to all other ports
};

const char* to_string(Mode mode);

// What happens to frames that a port does not take.
enum class WhenFull {
    wait,  // they wait, and the ports they came from are not read: back-pressure
    drop,
};

// What an emulated wire does to frames. Fractions are 0 to 1.
struct Impairment {
    double delay_us = 0;
    double jitter_us = 0;  // even spread: delay +- jitter; does not reorder
    double rate_bps = 0;   // 0: no limit
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;            // so many are overtaken ...
    std::uint32_t reorder_by = 1;  // ... by so many
    std::uint32_t limit = 16384;   // frames held at once; more are dropped

    [[nodiscard]] bool any() const {
        return delay_us > 0 || jitter_us > 0 || rate_bps > 0 || loss > 0 || duplicate > 0 ||
               reorder > 0;
    }
    bool operator==(const Impairment&) const = default;
};

struct PortOptions {
    std::string device;  // the ethdev's name: net_famez0, 0000:00:03.0
    std::string
        devargs;  // of a device that EAL has to make, without the name: socket=/tmp/a,peer=2
    Impairment impairment;  // of what it sends
};

struct Options {
    Mode mode = Mode::bridge;
    // In the order of their numbers. Empty: all that EAL has, in EAL's order.
    std::vector<PortOptions> ports;
    std::vector<unsigned> cores;   // EAL's lcores that work; empty: all
    std::vector<std::string> eal;  // from the file: more of EAL's options
    std::uint32_t burst = 32;
    double drain_us = 0;  // how long frames are gathered for a burst; 0: not beyond their own burst
    WhenFull when_full = WhenFull::wait;
    double stall_ms =
        100;  // switch, route, hub: a port that takes nothing for so long gets nothing
    std::optional<double> idle_us;  // none: never sleep
    std::uint32_t rx_queues = 1;    // a port, where it has them

    std::uint32_t table_size = 8192;  // addresses that are learned at most
    double ageing_s = 300;
    std::uint64_t flood_rate =
        100'000;  // frames a second from a port that are flooded; 0: no limit

    std::string routes;  // the file of --mode route
    std::uint64_t seed = 1;

    std::uint32_t mtu = 1500;
    std::uint32_t mbufs = 0;  // 0: as many as the ports need
    bool promiscuous = true;

    std::optional<double> duration_s;
    double interval_s = 1.0;
    bool json = false;
    bool quiet = false;
    bool capture = true;  // answers dpdk-dumpcap
};

// Limits, for whoever checks.
inline constexpr std::uint32_t max_burst = 512;
// Full bursts that go on as one, if so many wait: what a port does once a burst it then does half
// as often. More than two gained nothing, and take the nearest cache from the frames.
inline constexpr std::uint32_t bursts_at_once = 2;
inline constexpr std::uint32_t max_at_once = bursts_at_once * max_burst;
inline constexpr std::uint32_t max_table_size = 1U << 24;
inline constexpr std::uint32_t max_held_frames = 1U << 20;
inline constexpr std::uint32_t max_ports = 32;  // RTE_MAX_ETHPORTS

}  // namespace famez::fwd
