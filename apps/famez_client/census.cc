// SPDX-License-Identifier: BSD-3-Clause
#include "census.h"

#include <nlohmann/json.hpp>

#include <famez/memory.h>
#include <famez/port_table.h>

namespace famez::client {
namespace {

// What the port table says; empty for nobody.
std::string state_in_table(Session& session, std::uint32_t id) {
    auto& entry = port_entry(session.region(), *session.geometry(), id);
    if (load_acquire(entry.assignment.assigned) != 1) return {};
    const PortView view = view_port(entry, session.geometry()->lanes);
    if (!view.present()) return "attached";
    return view.up() ? "up" : "stopped";
}

std::string state_of(Session& session, const Node& node) {
    if (node.id == session.mailbox().server_id()) return node.name.empty() ? "" : "server";
    std::string state;
    if (session.geometry() && node.id <= session.geometry()->ports) {
        state = state_in_table(session, node.id);
    }
    const bool lanes = state == "up" || state == "stopped";
    return lanes || node.name.empty() ? state : "mail";
}

}  // namespace

std::vector<Node> take_census(Session& session) {
    std::vector<Node> nodes;
    for (std::uint32_t id = 1; id <= session.mailbox().server_id(); ++id) {
        const MailParty party = session.mailbox().look(id);
        Node node{id, party.node_name, party.component_class, party.cid, party.sid, "", false};
        node.self = id == session.id();
        node.state = state_of(session, node);
        if (node.state.empty()) continue;
        if (node.name.empty() && node.state != "attached") {
            node.name = port_node_name(session.region(), *session.geometry(), id);
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

nlohmann::json to_json(const Node& node) {
    return {{"id", node.id},   {"node", node.name},   {"class", node.node_class}, {"cid", node.cid},
            {"sid", node.sid}, {"state", node.state}, {"self", node.self}};
}

}  // namespace famez::client
