// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "fabric_port.h"

namespace famez::pingpong {
namespace {

struct TxCounter {
    const char* name;
    std::uint64_t TxCounters::*counter;
};
struct RxCounter {
    const char* name;
    std::uint64_t RxCounters::*counter;
};

constexpr TxCounter tx_counters[] = {
    {"tx_messages", &TxCounters::messages},
    {"tx_bytes", &TxCounters::bytes},
    {"tx_lost_in_flight", &TxCounters::lost_in_flight},
    {"tx_flood_dropped", &TxCounters::flood_dropped},
    {"tx_full", &TxCounters::full},
    {"tx_lanes_requested", &TxCounters::lanes_requested},
    {"tx_lanes_opened", &TxCounters::lanes_opened},
    {"tx_lanes_lost", &TxCounters::lanes_lost},
    {"tx_doorbells", &TxCounters::doorbells},
};
constexpr RxCounter rx_counters[] = {
    {"rx_messages", &RxCounters::messages},
    {"rx_bytes", &RxCounters::bytes},
    {"rx_too_long", &RxCounters::too_long},
    {"rx_lane_poisoned", &RxCounters::lane_poisoned},
    {"rx_lanes_granted", &RxCounters::lanes_granted},
    {"rx_lanes_refused", &RxCounters::lanes_refused},
    {"rx_rings_held", &RxCounters::rings_held},
    {"rx_doorbells", &RxCounters::doorbells},
    {"rx_sleeps", &RxCounters::sleeps},
};

}  // namespace

void FabricPort::add_statistics(nlohmann::ordered_json& json) const {
    auto& fabric = json["fabric"];
    for (const auto& [name, counter] : tx_counters)
        fabric[name] = tx_.*counter;
    for (const auto& [name, counter] : rx_counters)
        fabric[name] = rx_.*counter;
}

std::string FabricPort::statistics_line() const {
    return fmt::format("port {}: {} messages in, {} out; lost in flight {}, damaged lanes {}",
                       transport_.id(), rx_.messages, tx_.messages, tx_.lost_in_flight,
                       rx_.lane_poisoned);
}

}  // namespace famez::pingpong
