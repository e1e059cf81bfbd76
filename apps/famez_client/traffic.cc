// SPDX-License-Identifier: BSD-3-Clause
#include "traffic.h"

#include <algorithm>

#include <famez/consumer.h>
#include <famez/lane_view.h>
#include <famez/memory.h>

#include "census.h"

namespace famez::client {
namespace {

void read_counters(layout::PortCounters& counters, PortTraffic& port) {
    port.tx_messages = load_relaxed(counters.tx_messages);
    port.tx_bytes = load_relaxed(counters.tx_bytes);
    port.rx_messages = load_relaxed(counters.rx_messages);
    port.rx_bytes = load_relaxed(counters.rx_bytes);
    port.drops =
        load_relaxed(counters.tx_lost_in_flight) + load_relaxed(counters.tx_no_port_dropped) +
        load_relaxed(counters.tx_stalled_dropped) + load_relaxed(counters.tx_flood_dropped) +
        load_relaxed(counters.tx_invalid_dropped) + load_relaxed(counters.rx_too_long);
}

// The lanes from one port to another.
void read_lanes(Session& session, std::pair<const std::uint32_t, PortTraffic>& from,
                std::pair<const std::uint32_t, PortTraffic>& to) {
    const Geometry& geometry = *session.geometry();
    for (std::uint32_t lane = 0; lane < geometry.lanes; ++lane) {
        const LaneView view = view_lane(session.region(), geometry, to.first, from.first, lane);
        if (view.state != LaneState::open) continue;
        ++from.second.lanes_out;
        ++to.second.lanes_in;
        const std::uint64_t backlog =
            ring_backlog(session.region(), geometry, to.first, view.ring_offset, view.position);
        to.second.backlog = std::max(to.second.backlog, backlog);
    }
}

double rate(std::uint64_t before, std::uint64_t now, double seconds) {
    return now > before ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

Traffic take_traffic(Session& session) {
    Traffic traffic{std::chrono::steady_clock::now(), {}};
    const Geometry& geometry = *session.geometry();
    for (const Node& node : take_census(session)) {
        if (node.state != "up" && node.state != "stopped") continue;
        auto& entry = port_entry(session.region(), geometry, node.id);
        PortTraffic& port = traffic.ports[node.id];
        port.name = node.name;
        port.state = node.state;
        port.epoch = view_port(entry, geometry.lanes).epoch;
        read_counters(entry.counters, port);
    }
    for (auto& from : traffic.ports) {
        for (auto& to : traffic.ports) {
            if (from.first != to.first) read_lanes(session, from, to);
        }
    }
    return traffic;
}

PortRates rates_of(const Traffic& before, const Traffic& now, std::uint32_t id) {
    const auto old = before.ports.find(id);
    const PortTraffic& port = now.ports.at(id);
    if (old == before.ports.end() || old->second.epoch != port.epoch) return {};
    const PortTraffic& was = old->second;
    const double seconds =
        std::max(std::chrono::duration<double>(now.at - before.at).count(), 1e-9);
    return {rate(was.tx_messages, port.tx_messages, seconds),
            rate(was.tx_bytes, port.tx_bytes, seconds),
            rate(was.rx_messages, port.rx_messages, seconds),
            rate(was.rx_bytes, port.rx_bytes, seconds), rate(was.drops, port.drops, seconds)};
}

}  // namespace famez::client
