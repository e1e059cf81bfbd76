// SPDX-License-Identifier: BSD-3-Clause
#include "rest_pages.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>

#include <famez/mail_text.h>

#include "counter_table.h"
#include "metrics.h"

namespace famez {
namespace {

using Json = nlohmann::ordered_json;

RestAnswer as_json(const Json& document, unsigned status = 200) {
    return {status, "application/json", document.dump() + "\n"};
}

// What kind of thing a component class is, for whoever draws it: as FAME-Z's own did.
std::string hardware_of(std::string component_class) {
    std::transform(component_class.begin(), component_class.end(), component_class.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* kind : {"qemu", "debugger", "adapter", "switch"})
        if (component_class.find(kind) != std::string::npos) return kind;
    return component_class;
}

Json node(const PortReport& port) {
    return {{"ivshmsg_id", port.id},
            {"id", port.node_name},
            {"cclass", port.component_class},
            {"hardware", hardware_of(port.component_class)},
            {"group", fmt::format("port_{}", port.id)}};
}

// In the shape that FAME-Z's had.
RestAnswer system_page(const FabricReport& report, const RestQuery&) {
    const auto server = report.server();
    Json nodes = Json::array();
    Json links = Json::array();
    for (const PortReport& port : report.ports()) {
        if (port.node_name.empty()) continue;
        nodes.push_back(node(port));
        if (server) links.push_back({{"source", port.node_name}, {"target", server->node_name}});
    }
    if (server) nodes.push_back(node(*server));
    const auto limit = report.port_limit();
    return as_json({{"nClients", limit ? Json(*limit) : Json()},
                    {"server_ivshmsg_id", limit ? Json(*limit + 1) : Json()},
                    {"nodes", nodes},
                    {"links", links}});
}

Json port_json(const PortReport& port, std::chrono::steady_clock::time_point now) {
    Json counters = Json::object();
    for (const CounterName& counter : counter_table())
        counters[counter.name] = port.counters.*counter.value;
    const std::chrono::duration<double> seconds = now - port.attendance.since;
    return {{"id", port.id},
            {"node", port.node_name},
            {"cclass", port.component_class},
            {"CID", port.cid},
            {"SID", port.sid},
            {"state", port.state()},
            {"process", port.attendance.process},
            {"attached_seconds", std::round(seconds.count() * 10) / 10},
            {"generation", port.view.epoch >> 32},
            {"start_count", port.view.epoch & UINT32_MAX},
            {"lanes", port.view.lanes},
            {"may_sleep", port.view.may_sleep()},
            {"accepts_references", port.view.accepts_references()},
            {"keeps_references", port.view.keeps_references()},
            {"takes_unsummed", port.view.takes_unsummed()},
            {"heartbeat", port.view.heartbeat},
            {"counters", counters}};
}

RestAnswer ports_page(const FabricReport& report, const RestQuery&) {
    Json ports = Json::array();
    const auto now = std::chrono::steady_clock::now();
    for (const PortReport& port : report.ports())
        ports.push_back(port_json(port, now));
    const auto limit = report.port_limit();
    return as_json({{"limit", limit ? Json(*limit) : Json()},
                    {"attached", report.presence().ports().size()},
                    {"ports", ports}});
}

const char* to_string(LaneState state) {
    static constexpr std::array names = {"closed", "asking", "refused", "open"};
    return names[static_cast<std::size_t>(state)];
}

RestAnswer lanes_page(const FabricReport& report, const RestQuery& query) {
    std::optional<std::uint32_t> only;
    if (query.port) {
        const auto number = parse_number(*query.port);
        if (!number || *number > layout::ports_max) {
            return rest_error(400, "port must be the id of a port: /lanes?port=3");
        }
        only = static_cast<std::uint32_t>(*number);
    }
    const auto found = report.lanes(only);
    if (!found) return rest_error(400, "too many lanes: ask for one port's, /lanes?port=3");
    Json lanes = Json::array();
    for (const LaneReport& lane : *found) {
        lanes.push_back({{"source", lane.source},
                         {"destination", lane.destination},
                         {"lane", lane.lane},
                         {"state", to_string(lane.view.state)},
                         {"taken_messages", lane.view.taken},
                         {"taken_bytes", lane.view.position}});
    }
    return as_json({{"lanes", lanes}});
}

RestAnswer metrics_page(const FabricReport& report, const RestQuery&) {
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(report)};
}

RestAnswer index_page(const FabricReport&, const RestQuery&) {
    Json paths = Json::array();
    for (const RestPage& page : rest_pages())
        paths.push_back(page.path);
    return as_json({{"paths", paths}});
}

constexpr RestPage pages[] = {
    {"/", index_page},      {"/system", system_page},   {"/ports", ports_page},
    {"/lanes", lanes_page}, {"/metrics", metrics_page},
};

}  // namespace

std::span<const RestPage> rest_pages() {
    return pages;
}

RestAnswer rest_error(unsigned status, std::string_view message) {
    return as_json({{"error", message}}, status);
}

}  // namespace famez
