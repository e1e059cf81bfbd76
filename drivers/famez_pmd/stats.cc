// SPDX-License-Identifier: BSD-3-Clause
//
// Statistics are the counters less what they were at the last reset: the counters themselves belong
// to the lcores that poll, and only ever grow.
#include <cerrno>
#include <cstdio>
#include <iterator>

#include "compat_stats.h"
#include "ethdev.h"

namespace famez::pmd {
namespace {

struct Xstat {
    const char* name;
    std::uint64_t TxCounters::*tx;
    std::uint64_t RxCounters::*rx;
    std::uint64_t MailCounters::*mail = nullptr;
};

// By name, as ethdev names them: the counts of queues.
constexpr Xstat xstats[] = {
    {"rx_q0_packets", nullptr, &RxCounters::messages},
    {"rx_q0_bytes", nullptr, &RxCounters::bytes},
    {"tx_q0_packets", &TxCounters::messages, nullptr},
    {"tx_q0_bytes", &TxCounters::bytes, nullptr},
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
    {"tx_references", &TxCounters::references, nullptr},
    {"tx_reference_bytes", &TxCounters::reference_bytes, nullptr},
    {"tx_credits_ignored", &TxCounters::credits_ignored, nullptr},
    {"rx_no_buffer", nullptr, &RxCounters::no_buffer},
    {"rx_too_long", nullptr, &RxCounters::too_long},
    {"rx_lane_poisoned", nullptr, &RxCounters::lane_poisoned},
    {"rx_lanes_granted", nullptr, &RxCounters::lanes_granted},
    {"rx_lanes_refused", nullptr, &RxCounters::lanes_refused},
    {"rx_rings_held", nullptr, &RxCounters::rings_held},
    {"rx_doorbells", nullptr, &RxCounters::doorbells},
    {"rx_sleeps", nullptr, &RxCounters::sleeps},
    {"rx_references", nullptr, &RxCounters::references},
    {"rx_reference_bytes", nullptr, &RxCounters::reference_bytes},
    {"mail_sent", nullptr, nullptr, &MailCounters::sent},
    {"mail_received", nullptr, nullptr, &MailCounters::received},
    {"mail_not_taken", nullptr, nullptr, &MailCounters::not_taken},
};

std::uint64_t since_reset(DevPrivate& dev, std::uint64_t TxCounters::*counter) {
    return load_relaxed(dev.tx.*counter) - dev.tx_base.*counter;
}
std::uint64_t since_reset(DevPrivate& dev, std::uint64_t RxCounters::*counter) {
    const std::uint64_t value = load_relaxed(dev.rx.*counter);
    // A gauge, not a count.
    return counter == &RxCounters::rings_held ? value : value - dev.rx_base.*counter;
}
std::uint64_t since_reset(DevPrivate& dev, std::uint64_t MailCounters::*counter) {
    return load_relaxed(dev.mail.*counter) - dev.mail_base.*counter;
}

std::uint64_t value_of(DevPrivate& dev, const Xstat& entry) {
    if (entry.mail != nullptr) return since_reset(dev, entry.mail);
    return entry.tx != nullptr ? since_reset(dev, entry.tx) : since_reset(dev, entry.rx);
}

void write_name(rte_eth_xstat_name& to, const Xstat& entry) {
    std::snprintf(to.name, sizeof to.name, "%s", entry.name);
}

// Which of the statistics the i-th one asked for is: all in order, without a list of ids.
const Xstat* asked_for(const std::uint64_t* ids, unsigned i) {
    const std::uint64_t id = ids != nullptr ? ids[i] : i;
    return id < std::size(xstats) ? &xstats[id] : nullptr;
}

}  // namespace

void stats_of_port(rte_eth_dev* dev, rte_eth_stats* stats) {
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
}

int stats_reset(rte_eth_dev* dev) {
    DevPrivate& shared = shared_of(dev);
    shared.tx_base = shared.tx;
    shared.rx_base = shared.rx;
    shared.mail_base = shared.mail;
    return 0;
}

int xstats_reset(rte_eth_dev* dev) {
    return stats_reset(dev);
}

int xstats_get(rte_eth_dev* dev, rte_eth_xstat* values, unsigned count) {
    if (count < std::size(xstats)) return std::size(xstats);
    DevPrivate& shared = shared_of(dev);
    for (unsigned i = 0; i < std::size(xstats); ++i) {
        values[i].id = i;
        values[i].value = value_of(shared, xstats[i]);
    }
    return std::size(xstats);
}

int xstats_get_names(rte_eth_dev* /*dev*/, rte_eth_xstat_name* names, unsigned count) {
    if (names != nullptr) {
        for (unsigned i = 0; i < std::size(xstats) && i < count; ++i) {
            write_name(names[i], xstats[i]);
        }
    }
    return std::size(xstats);
}

int xstats_get_by_id(rte_eth_dev* dev, const std::uint64_t* ids, std::uint64_t* values,
                     unsigned count) {
    if (ids == nullptr && (values == nullptr || count < std::size(xstats)))
        return std::size(xstats);
    if (ids == nullptr) count = std::size(xstats);
    for (unsigned i = 0; i < count; ++i) {
        const Xstat* entry = asked_for(ids, i);
        if (entry == nullptr) return -EINVAL;
        values[i] = value_of(shared_of(dev), *entry);
    }
    return static_cast<int>(count);
}

int xstats_get_names_by_id(rte_eth_dev* /*dev*/, const std::uint64_t* ids,
                           rte_eth_xstat_name* names, unsigned count) {
    if (ids == nullptr && (names == nullptr || count < std::size(xstats))) return std::size(xstats);
    if (ids == nullptr) count = std::size(xstats);
    for (unsigned i = 0; i < count; ++i) {
        const Xstat* entry = asked_for(ids, i);
        if (entry == nullptr) return -EINVAL;
        write_name(names[i], *entry);
    }
    return static_cast<int>(count);
}

}  // namespace famez::pmd
