// SPDX-License-Identifier: BSD-3-Clause
#include "commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace famez {
namespace {

Lines help_command(const FabricReport&) {
    return show_help();
}

constexpr Command table[] = {
    {"help h ?", "this", help_command},
    {"dump d", "the switch and its ports, drawn", draw_switch, true},
    {"who list", "who is attached: id, name, class, CID,SID, state", list_ports, true},
    {"stats", "messages, bytes and drops of each port, and of the mail", show_statistics, true},
    {"quit q", "end the server (ports go on talking to each other)", nullptr},
};

std::string name_of(const PortReport& port) {
    return port.node_name.empty() ? "?" : port.node_name;
}

std::string class_of(const PortReport& port) {
    return port.component_class.empty() ? "-" : port.component_class;
}

// One side of a row: what is at the port, or nothing.
std::string left_of(const PortReport* port) {
    if (port == nullptr) return {};
    return fmt::format("{} {} {} [{},{}]", port->state(), class_of(*port), name_of(*port),
                       port->cid, port->sid);
}

std::string right_of(const PortReport* port) {
    if (port == nullptr) return {};
    return fmt::format("[{},{}] {} {} {}", port->cid, port->sid, name_of(*port), class_of(*port),
                       port->state());
}

std::string title_of(const FabricReport& report) {
    const auto server = report.server();
    if (!server) return {};
    return fmt::format("{} {} [{},{}]", server->id, server->node_name, server->cid, server->sid);
}

}  // namespace

std::span<const Command> command_table() {
    return table;
}

const Command* find_command(std::string_view name) {
    for (const Command& command : table) {
        std::string_view names = command.names;
        while (!names.empty()) {
            const auto blank = std::min(names.find(' '), names.size());
            if (names.substr(0, blank) == name) return &command;
            names.remove_prefix(std::min(blank + 1, names.size()));
        }
    }
    return nullptr;
}

// The lower half of the ids on the left, the upper half on the right, as FAME-Z drew it. Of a large
// switch only the rows where somebody is.
Lines draw_switch(const FabricReport& report) {
    constexpr std::uint32_t small_switch = 64;
    if (!report.port_limit()) return list_ports(report);
    const std::uint32_t count = *report.port_limit();
    const std::uint32_t half = (count + 1) / 2;
    const std::vector<PortReport> ports = report.ports();
    std::map<std::uint32_t, const PortReport*> by_id;
    std::size_t width = 20;
    for (const PortReport& port : ports) {
        by_id[port.id] = &port;
        if (port.id <= half) width = std::max(width, left_of(&port).size());
    }
    const auto at = [&](std::uint32_t id) {
        const auto found = by_id.find(id);
        return found == by_id.end() ? nullptr : found->second;
    };
    Lines lines{fmt::format("{:{}}   __________  {}", "", width, title_of(report))};
    for (std::uint32_t left = 1; left <= half; ++left) {
        const std::uint32_t right = left + half;
        if (count > small_switch && at(left) == nullptr && at(right) == nullptr) continue;
        std::string line = fmt::format("{:>{}} -|{:<4}", left_of(at(left)), width, left);
        if (right <= count) {
            line += fmt::format("  {:>4}|- {}", right, right_of(at(right)));
        } else {
            line += "      |";
        }
        lines.push_back(std::move(line));
    }
    lines.push_back(fmt::format("{:{}}   ==========", "", width));
    return lines;
}

Lines list_ports(const FabricReport& report) {
    Lines lines;
    const auto line = [&](const PortReport& port, const char* state) {
        lines.push_back(fmt::format("{:>4}  {:<16} {:<16} {:>9}  {}", port.id, name_of(port),
                                    class_of(port), fmt::format("{},{}", port.cid, port.sid),
                                    state));
    };
    for (const PortReport& port : report.ports())
        line(port, port.state());
    if (const auto server = report.server()) line(*server, "server");
    if (lines.empty()) lines.emplace_back("nobody");
    return lines;
}

Lines show_statistics(const FabricReport& report) {
    constexpr const char* columns = "{:>4}  {:<16} {:>12} {:>15} {:>12} {:>15} {:>9}";
    const MailCounters mail = report.mail();
    Lines lines;
    lines.push_back(fmt::format("mail: {} received, {} sent, {} not taken, {} dropped",
                                mail.received, mail.out.sent, mail.out.not_taken,
                                mail.out.dropped));
    lines.push_back(
        fmt::format(columns, "port", "name", "sent", "bytes", "received", "bytes", "dropped"));
    for (const PortReport& port : report.ports()) {
        const layout::PortCounters& c = port.counters;
        const std::uint64_t dropped = c.tx_no_port_dropped + c.tx_stalled_dropped +
                                      c.tx_flood_dropped + c.tx_invalid_dropped +
                                      c.tx_lost_in_flight + c.rx_too_long;
        lines.push_back(fmt::format(columns, port.id, name_of(port), c.tx_messages, c.tx_bytes,
                                    c.rx_messages, c.rx_bytes, dropped));
    }
    return lines;
}

Lines show_help() {
    Lines lines;
    for (const Command& command : table)
        lines.push_back(fmt::format("{:<10} {}", command.names, command.help));
    return lines;
}

}  // namespace famez
