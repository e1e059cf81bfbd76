// SPDX-License-Identifier: BSD-3-Clause
#include "fabric_report.h"

#include <famez/mail_text.h>

#include "counter_table.h"

namespace famez {
namespace {

std::uint64_t number_at(const LinkManager::Attributes& attributes, std::string_view key) {
    const auto found = attributes.find(key);
    return found == attributes.end() ? 0 : parse_number(found->second).value_or(0);
}

layout::PortCounters read_counters(layout::PortCounters& shared) {
    layout::PortCounters counters{};
    for (const CounterName& counter : counter_table())
        counters.*counter.value = load_relaxed(shared.*counter.value);
    return counters;
}

}  // namespace

const char* PortReport::state() const {
    switch (view.state) {
        case layout::PortState::up:
            return "up";
        case layout::PortState::stopped:
            return "stopped";
        case layout::PortState::absent:
            break;
    }
    return "attached";
}

MailCounters FabricReport::mail() const {
    return desk_ == nullptr ? MailCounters{} : desk_->counters();
}

std::optional<PortReport> FabricReport::server() const {
    if (!place_ || desk_ == nullptr) return std::nullopt;
    const MailParty self = place_->mailbox.look(place_->mailbox.id());
    PortReport server;
    server.id = place_->mailbox.id();
    server.node_name = self.node_name;
    server.component_class = self.component_class.empty() ? "FabricSwitch" : self.component_class;
    server.cid = self.cid;
    server.sid = self.sid;
    return server;
}

std::vector<PortReport> FabricReport::ports() const {
    std::vector<PortReport> ports;
    ports.reserve(presence_.ports().size());
    for (const auto& [id, attendance] : presence_.ports())
        ports.push_back(report(id, attendance));
    return ports;
}

PortReport FabricReport::report(std::uint32_t id, const Attendance& attendance) const {
    PortReport port;
    port.id = id;
    port.attendance = attendance;
    if (!place_) return port;
    auto& entry = port_entry(place_->region, place_->geometry, id);
    port.view = view_port(entry, place_->geometry.lanes);
    port.counters = read_counters(entry.counters);
    add_mail_identity(port);
    if (port.node_name.empty()) {
        port.node_name = port_node_name(place_->region, place_->geometry, id);
    }
    return port;
}

// What its slot shows, and where that is silent, what it has told us by mail.
void FabricReport::add_mail_identity(PortReport& port) const {
    const MailParty party = place_->mailbox.look(port.id);
    port.node_name = party.node_name;
    port.component_class = party.component_class;
    port.cid = party.cid;
    port.sid = party.sid;
    const auto* told = desk_ == nullptr ? nullptr : desk_->links().attributes(port.id);
    if (told == nullptr) return;
    if (port.cid == 0 && port.sid == 0) {
        port.cid = number_at(*told, "CID0");
        port.sid = number_at(*told, "SID0");
    }
    for (const char* key : {"cclass", "C-Class"}) {
        const auto found = told->find(key);
        if (port.component_class.empty() && found != told->end()) {
            port.component_class = found->second.substr(0, sizeof layout::MailSlot::cclass - 1);
        }
    }
}

std::optional<std::vector<LaneReport>> FabricReport::lanes(
    std::optional<std::uint32_t> port) const {
    std::vector<LaneReport> lanes;
    const auto& present = presence_.ports();
    if (!place_ || (port && !present.contains(*port))) return lanes;
    const std::uint64_t pairs = present.size() * (port ? 2 : present.size());
    if (pairs * place_->geometry.lanes > lanes_at_once) return std::nullopt;
    for (const auto& [destination, taker] : present) {
        if (port && *port != destination) {
            add_lanes(lanes, destination, *port);
            continue;
        }
        for (const auto& [source, giver] : present)
            if (source != destination) add_lanes(lanes, destination, source);
    }
    return lanes;
}

void FabricReport::add_lanes(std::vector<LaneReport>& lanes, std::uint32_t destination,
                             std::uint32_t source) const {
    for (std::uint32_t lane = 0; lane < place_->geometry.lanes; ++lane) {
        const LaneView view =
            view_lane(place_->region, place_->geometry, destination, source, lane);
        if (view.state != LaneState::closed) lanes.push_back({destination, source, lane, view});
    }
}

}  // namespace famez
