// SPDX-License-Identifier: BSD-3-Clause
//
// Statistics are the counters less what they were at the last reset: the counters themselves belong
// to the lcores that poll, and only ever grow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>

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

// Of each queue, named as ethdev names them: rx_q0_packets, ...
constexpr Xstat queue_xstats[] = {
    {"packets", nullptr, &RxCounters::messages},
    {"bytes", nullptr, &RxCounters::bytes},
    {"packets", &TxCounters::messages, nullptr},
    {"bytes", &TxCounters::bytes, nullptr},
};
constexpr unsigned each_way = 2;

// Of the port: the sums of all its queues.
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
    {"tx_references", &TxCounters::references, nullptr},
    {"tx_reference_bytes", &TxCounters::reference_bytes, nullptr},
    {"tx_credits_ignored", &TxCounters::credits_ignored, nullptr},
    {"tx_unsummed", &TxCounters::unsummed, nullptr},
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
    {"rx_unsummed", nullptr, &RxCounters::unsummed},
    {"mail_sent", nullptr, nullptr, &MailCounters::sent},
    {"mail_received", nullptr, nullptr, &MailCounters::received},
    {"mail_not_taken", nullptr, nullptr, &MailCounters::not_taken},
};

std::uint64_t since_reset(DevPrivate& dev, std::uint64_t TxCounters::*counter,
                          std::uint32_t queue) {
    return load_relaxed(dev.tx[queue].*counter) - dev.tx_base[queue].*counter;
}
std::uint64_t since_reset(DevPrivate& dev, std::uint64_t RxCounters::*counter,
                          std::uint32_t queue) {
    const std::uint64_t value = load_relaxed(dev.rx[queue].*counter);
    // A gauge, not a count.
    return counter == &RxCounters::rings_held ? value : value - dev.rx_base[queue].*counter;
}

template <class Counter>
std::uint64_t since_reset(DevPrivate& dev, Counter counter) {
    std::uint64_t sum = 0;
    for (std::uint32_t queue = 0; queue < dev.lanes; ++queue)
        sum += since_reset(dev, counter, queue);
    return sum;
}
std::uint64_t since_reset(DevPrivate& dev, std::uint64_t MailCounters::*counter) {
    return load_relaxed(dev.mail.*counter) - dev.mail_base.*counter;
}

// Those of the RX queues come first, then those of the TX queues, then the port's.
struct Statistic {
    const Xstat* entry;
    std::optional<std::uint32_t> queue;
};

unsigned statistics_of(const rte_eth_dev* dev) {
    return each_way * (dev->data->nb_rx_queues + dev->data->nb_tx_queues) +
           static_cast<unsigned>(std::size(xstats));
}

// The one of this number, which is below statistics_of().
Statistic statistic(const rte_eth_dev* dev, std::uint64_t number) {
    const std::uint64_t rx = std::uint64_t{each_way} * dev->data->nb_rx_queues;
    const std::uint64_t tx = std::uint64_t{each_way} * dev->data->nb_tx_queues;
    if (number >= rx + tx) return {&xstats[number - rx - tx], std::nullopt};
    const bool sent = number >= rx;
    const std::uint64_t of_way = sent ? number - rx : number;
    return {&queue_xstats[(sent ? each_way : 0) + of_way % each_way],
            static_cast<std::uint32_t>(of_way / each_way)};
}

std::uint64_t value_of(DevPrivate& dev, const Statistic& statistic) {
    const auto& [entry, queue] = statistic;
    if (entry->mail != nullptr) return since_reset(dev, entry->mail);
    if (queue) {
        return entry->tx != nullptr ? since_reset(dev, entry->tx, *queue)
                                    : since_reset(dev, entry->rx, *queue);
    }
    return entry->tx != nullptr ? since_reset(dev, entry->tx) : since_reset(dev, entry->rx);
}

void write_name(rte_eth_xstat_name& to, const Statistic& statistic) {
    const auto& [entry, queue] = statistic;
    const std::string name =
        queue ? fmt::format("{}_q{}_{}", entry->tx != nullptr ? "tx" : "rx", *queue, entry->name)
              : entry->name;
    std::snprintf(to.name, sizeof to.name, "%s", name.c_str());
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

std::uint32_t queues_of(rte_eth_dev* dev) {
    return std::max(dev->data->nb_rx_queues, dev->data->nb_tx_queues);
}

QueueStats stats_of_queue(rte_eth_dev* dev, std::uint32_t queue) {
    DevPrivate& shared = shared_of(dev);
    return {since_reset(shared, &RxCounters::messages, queue),
            since_reset(shared, &RxCounters::bytes, queue),
            since_reset(shared, &TxCounters::messages, queue),
            since_reset(shared, &TxCounters::bytes, queue)};
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
    const unsigned all = statistics_of(dev);
    if (count < all) return static_cast<int>(all);
    for (unsigned i = 0; i < all; ++i) {
        values[i].id = i;
        values[i].value = value_of(shared_of(dev), statistic(dev, i));
    }
    return static_cast<int>(all);
}

int xstats_get_names(rte_eth_dev* dev, rte_eth_xstat_name* names, unsigned count) {
    const unsigned all = statistics_of(dev);
    for (unsigned i = 0; names != nullptr && i < std::min(all, count); ++i)
        write_name(names[i], statistic(dev, i));
    return static_cast<int>(all);
}

int xstats_get_by_id(rte_eth_dev* dev, const std::uint64_t* ids, std::uint64_t* values,
                     unsigned count) {
    const unsigned all = statistics_of(dev);
    if (ids == nullptr && (values == nullptr || count < all)) return static_cast<int>(all);
    if (ids == nullptr) count = all;
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t id = ids != nullptr ? ids[i] : i;
        if (id >= all) return -EINVAL;
        values[i] = value_of(shared_of(dev), statistic(dev, id));
    }
    return static_cast<int>(count);
}

int xstats_get_names_by_id(rte_eth_dev* dev, const std::uint64_t* ids, rte_eth_xstat_name* names,
                           unsigned count) {
    const unsigned all = statistics_of(dev);
    if (ids == nullptr && (names == nullptr || count < all)) return static_cast<int>(all);
    if (ids == nullptr) count = all;
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t id = ids != nullptr ? ids[i] : i;
        if (id >= all) return -EINVAL;
        write_name(names[i], statistic(dev, id));
    }
    return static_cast<int>(count);
}

}  // namespace famez::pmd
