// SPDX-License-Identifier: BSD-3-Clause
// What happened at a port between two snapshots, a second.
#pragma once

#include <cstddef>

#include "snapshot.h"

namespace famez::fwd {

struct Rates {
    double received = 0;
    double sent = 0;
    double dropped = 0;
    double rx_bits = 0;
    double tx_bits = 0;

    void add(const Rates& other) {
        received += other.received;
        sent += other.sent;
        dropped += other.dropped;
        rx_bits += other.rx_bits;
        tx_bits += other.tx_bits;
    }
};

inline Rates rates_of(const Snapshot& before, const Snapshot& now, std::size_t port) {
    const double seconds = now.seconds - before.seconds;
    if (seconds <= 0) return {};
    const PortSnapshot& a = before.ports[port];
    const PortSnapshot& b = now.ports[port];
    const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
        return static_cast<double>(to - from) / seconds;
    };
    return {rate(a.totals.received, b.totals.received), rate(a.totals.sent, b.totals.sent),
            rate(a.totals.dropped(), b.totals.dropped()), 8 * rate(a.rx_bytes, b.rx_bytes),
            8 * rate(a.tx_bytes, b.tx_bytes)};
}

}  // namespace famez::fwd
