// SPDX-License-Identifier: BSD-3-Clause
#include "port_stats.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <vector>

#include <rte_ethdev.h>

namespace famez::pingpong {
namespace {

nlohmann::ordered_json read_xstats(std::uint16_t port) {
    auto json = nlohmann::ordered_json::object();
    const int count = rte_eth_xstats_get_names(port, nullptr, 0);
    if (count <= 0) return json;
    const auto size = static_cast<unsigned>(count);
    std::vector<rte_eth_xstat_name> names(size);
    std::vector<rte_eth_xstat> values(size);
    if (rte_eth_xstats_get_names(port, names.data(), size) != count ||
        rte_eth_xstats_get(port, values.data(), size) != count) {
        return json;
    }
    for (const rte_eth_xstat& value : values) {
        if (value.value != 0 && value.id < size) json[names[value.id].name] = value.value;
    }
    return json;
}

}  // namespace

void add_port_statistics(nlohmann::ordered_json& json, std::uint16_t port) {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(port, &stats) == 0) {
        json["ethdev"] = {{"ipackets", stats.ipackets}, {"opackets", stats.opackets},
                          {"ibytes", stats.ibytes},     {"obytes", stats.obytes},
                          {"imissed", stats.imissed},   {"ierrors", stats.ierrors},
                          {"oerrors", stats.oerrors},   {"rx_nombuf", stats.rx_nombuf}};
    }
    json["xstats"] = read_xstats(port);
}

std::string port_statistics_line(std::uint16_t port) {
    rte_eth_stats s{};
    if (rte_eth_stats_get(port, &s) != 0) return fmt::format("port {}: no statistics", port);
    return fmt::format(
        "port {}: {} packets in, {} out; missed {}, input errors {}, output errors {}, no buffer "
        "{}",
        port, s.ipackets, s.opackets, s.imissed, s.ierrors, s.oerrors, s.rx_nombuf);
}

}  // namespace famez::pingpong
