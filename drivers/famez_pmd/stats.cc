// SPDX-License-Identifier: BSD-3-Clause
//
// Statistics are the counters less what they were at the last reset: the counters themselves belong
// to the lcores that poll, and only ever grow.
#include <cstdio>
#include <iterator>

#include "ethdev.h"

namespace famez::pmd {
namespace {

struct Xstat {
    const char* name;
    std::uint64_t TxCounters::*tx;
    std::uint64_t RxCounters::*rx;
};

constexpr Xstat xstats[] = {
    {"tx_lost_in_flight", &TxCounters::lost_in_flight, nullptr},
    {"tx_no_port_dropped", &TxCounters::no_port_dropped, nullptr},
    {"tx_stalled_dropped", &TxCounters::stalled_dropped, nullptr},
    {"tx_flood_dropped", &TxCounters::flood_dropped, nullptr},
    {"tx_invalid_dropped", &TxCounters::invalid_dropped, nullptr},
    {"tx_full", &TxCounters::full, nullptr},
    {"tx_lanes_requested", &TxCounters::lanes_requested, nullptr},
    {"tx_lanes_opened", &TxCounters::lanes_opened, nullptr},
    {"tx_lanes_lost", &TxCounters::lanes_lost, nullptr},
    {"tx_doorbells", &TxCounters::doorbells, nullptr},
    {"rx_no_buffer", nullptr, &RxCounters::no_buffer},
    {"rx_too_long", nullptr, &RxCounters::too_long},
    {"rx_lane_poisoned", nullptr, &RxCounters::lane_poisoned},
    {"rx_lanes_granted", nullptr, &RxCounters::lanes_granted},
    {"rx_lanes_refused", nullptr, &RxCounters::lanes_refused},
    {"rx_rings_held", nullptr, &RxCounters::rings_held},
    {"rx_doorbells", nullptr, &RxCounters::doorbells},
};

std::uint64_t since_reset(DevPrivate& dev, std::uint64_t TxCounters::*counter) {
    return load_relaxed(dev.tx.*counter) - dev.tx_base.*counter;
}
std::uint64_t since_reset(DevPrivate& dev, std::uint64_t RxCounters::*counter) {
    const std::uint64_t value = load_relaxed(dev.rx.*counter);
    // A gauge, not a count.
    return counter == &RxCounters::rings_held ? value : value - dev.rx_base.*counter;
}

}  // namespace

int stats_get(rte_eth_dev* dev, rte_eth_stats* stats) {
    DevPrivate& shared = shared_of(dev);
    stats->ipackets = since_reset(shared, &RxCounters::messages);
    stats->ibytes = since_reset(shared, &RxCounters::bytes);
    stats->ierrors = since_reset(shared, &RxCounters::too_long);
    stats->rx_nombuf = since_reset(shared, &RxCounters::no_buffer);
    stats->opackets = since_reset(shared, &TxCounters::messages);
    stats->obytes = since_reset(shared, &TxCounters::bytes);
    stats->oerrors = since_reset(shared, &TxCounters::lost_in_flight) +
                     since_reset(shared, &TxCounters::no_port_dropped) +
                     since_reset(shared, &TxCounters::stalled_dropped) +
                     since_reset(shared, &TxCounters::flood_dropped) +
                     since_reset(shared, &TxCounters::invalid_dropped);
    return 0;
}

int stats_reset(rte_eth_dev* dev) {
    DevPrivate& shared = shared_of(dev);
    shared.tx_base = shared.tx;
    shared.rx_base = shared.rx;
    return 0;
}

int xstats_reset(rte_eth_dev* dev) {
    return stats_reset(dev);
}

int xstats_get(rte_eth_dev* dev, rte_eth_xstat* values, unsigned count) {
    if (count < std::size(xstats)) return std::size(xstats);
    DevPrivate& shared = shared_of(dev);
    for (unsigned i = 0; i < std::size(xstats); ++i) {
        const Xstat& entry = xstats[i];
        values[i].id = i;
        values[i].value =
            entry.tx != nullptr ? since_reset(shared, entry.tx) : since_reset(shared, entry.rx);
    }
    return std::size(xstats);
}

int xstats_get_names(rte_eth_dev* /*dev*/, rte_eth_xstat_name* names, unsigned count) {
    if (names != nullptr) {
        for (unsigned i = 0; i < std::size(xstats) && i < count; ++i) {
            std::snprintf(names[i].name, sizeof names[i].name, "%s", xstats[i].name);
        }
    }
    return std::size(xstats);
}

}  // namespace famez::pmd
