// SPDX-License-Identifier: BSD-3-Clause
#include "snapshot.h"

#include <rte_ethdev.h>

#include "engine.h"

namespace famez::fwd {

Totals Snapshot::totals() const {
    Totals all;
    for (const PortSnapshot& port : ports)
        all.add(port.totals);
    return all;
}

Snapshot take_snapshot(const Engine& engine, double seconds) {
    Snapshot snapshot;
    snapshot.seconds = seconds;
    for (std::uint16_t i = 0; i < engine.ports().count(); ++i) {
        const Port& port = engine.ports()[i];
        rte_eth_stats stats{};
        rte_eth_stats_get(port.id(), &stats);
        snapshot.ports.push_back({port.name(), port.driver(), port.link_up(), engine.totals(i),
                                  stats.ibytes, stats.obytes, stats.imissed, stats.rx_nombuf});
    }
    snapshot.addresses = engine.table().size();
    snapshot.address_moves = engine.table().moves();
    snapshot.addresses_refused = engine.table().refusals();
    if (engine.routes() != nullptr) snapshot.routes = engine.routes()->shared()->size();
    snapshot.sleeps = engine.sleeps();
    return snapshot;
}

}  // namespace famez::fwd
