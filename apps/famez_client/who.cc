// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

#include "census.h"
#include "commands.h"

namespace famez::client {
namespace {

constexpr std::size_t side_width = 26;

nlohmann::json document(Session& session, const std::vector<Node>& nodes) {
    nlohmann::json array = nlohmann::json::array();
    for (const Node& node : nodes)
        array.push_back(to_json(node));
    return {{"ports", session.mailbox().ports()},
            {"server_id", session.mailbox().server_id()},
            {"fabric", session.geometry().has_value()},
            {"nodes", array}};
}

// "z03 Debugger up", cut to a side's width.
std::string label_of(const std::vector<Node>& nodes, std::uint32_t id) {
    const auto found =
        std::find_if(nodes.begin(), nodes.end(), [id](const Node& node) { return node.id == id; });
    if (found == nodes.end()) return "";
    std::string label = found->name.empty() ? "-" : found->name;
    if (!found->node_class.empty()) label += " " + found->node_class;
    label += " " + found->state;
    return label.substr(0, side_width);
}

// A box with every port at its edges, odd ids to the left and even ones to the right.
std::string draw(Session& session, const std::vector<Node>& nodes) {
    const std::uint32_t ports = session.mailbox().ports();
    const std::uint32_t server = session.mailbox().server_id();
    const MailParty party = session.mailbox().look(server);
    const std::string title = fmt::format(
        "{} {}", party.node_name.empty() ? "(no server)" : party.node_name, party.component_class);
    const std::size_t inside = std::max<std::size_t>(title.size() + 2, 16);
    const std::string margin(side_width + 3, ' ');
    const std::string edge = fmt::format("{}+{:-<{}}+\n", margin, "", inside);
    const std::string ids = fmt::format("id {}  CID {}  SID {}", server, party.cid, party.sid);
    std::string text = edge;
    text += fmt::format("{}|{:^{}}|\n", margin, title, inside);
    text += fmt::format("{}|{:^{}}|\n", margin, ids, std::max(inside, ids.size()));
    for (std::uint32_t left = 1; left <= ports; left += 2) {
        const std::string to_left = label_of(nodes, left);
        text += fmt::format("{:>{}} {}|{:<{}}", to_left, side_width, to_left.empty() ? "  " : "--",
                            left, inside / 2);
        const std::uint32_t right = left + 1;
        if (right > ports) {
            text += fmt::format("{:{}}|\n", "", inside - inside / 2);
            continue;
        }
        const std::string to_right = label_of(nodes, right);
        text += fmt::format("{:>{}}|{} {}\n", right, inside - inside / 2,
                            to_right.empty() ? "" : "--", to_right);
    }
    return text + edge;
}

}  // namespace

int who(Session& session, const Command& command) {
    const std::vector<Node> nodes = take_census(session);
    if (command.json) {
        session.output().line(document(session, nodes).dump());
        return exit_ok;
    }
    std::string text = fmt::format("{:>4}  {:<16} {:<16} {:>6} {:>4}  {}", "id", "node", "class",
                                   "CID", "SID", "state");
    for (const Node& node : nodes) {
        text += fmt::format("\n{:>4}  {:<16} {:<16} {:>6} {:>4}  {}{}", node.id,
                            node.name.empty() ? "-" : node.name, node.node_class, node.cid,
                            node.sid, node.state, node.self ? " (this client)" : "");
    }
    session.output().line(text);
    return exit_ok;
}

int dump(Session& session, const Command& command) {
    const std::uint32_t server = session.mailbox().server_id();
    // A famez_server also answers with its drawing. We have our own.
    constexpr std::chrono::milliseconds silence{150};
    auto deadline = Session::Clock::time_point::max();
    int pages = 16;  // more of them are waited for no longer
    session.claim = [&](const Mail& mail) {
        if (mail.from != server || pages == 0) return mail.from == server;
        --pages;
        deadline = Session::Clock::now() + silence;
        return true;
    };
    const auto end = session.wait_for(session.submit(server, "dump"));
    const bool asked = end && end->end == MailEnd::taken;
    deadline = Session::Clock::now() + (asked ? silence : std::chrono::milliseconds(0));
    session.run_until([&] { return Session::Clock::now() >= deadline; },
                      Session::Clock::time_point::max());
    const std::vector<Node> nodes = take_census(session);
    if (command.json) {
        nlohmann::json result = document(session, nodes);
        result["server_asked"] = asked;
        session.output().line(result.dump());
    } else {
        std::string drawing = draw(session, nodes);
        drawing.pop_back();
        session.output().line(drawing);
    }
    if (asked) return exit_ok;
    session.output().note(fmt::format("the server was not asked to draw: {}",
                                      end ? to_string(end->end) : "interrupted"));
    return exit_failure;
}

}  // namespace famez::client
