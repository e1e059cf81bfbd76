// SPDX-License-Identifier: BSD-3-Clause
//
// Our own pages in DPDK's telemetry: the fabric as this process's ports see it.
//
//     /famez/ports,PORT[,FIRST]     who is there: an entry for each id that somebody holds
//     /famez/lanes,PORT[,FIRST]     this port's lanes, in both directions
//
// PORT is an ethdev port; FIRST the id to begin with, as an answer holds so many entries only and
// says with which id to go on ("next"; 0: that was all).
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include <rte_telemetry.h>

#include <famez/lane_view.h>
#include <famez/port_table.h>

#include "compat_telemetry.h"
#include "ethdev.h"
#include "rte_pmd_famez.h"

namespace famez::pmd {
namespace {

constexpr std::uint32_t entries_max = 32;  // of an answer, that it fits telemetry's 16 KB

struct Request {
    std::uint16_t port_id = 0;
    std::uint32_t first = 1;
};

bool parse(std::string_view text, Request& request) {
    const char* end = text.data() + text.size();
    const auto port = std::from_chars(text.data(), end, request.port_id);
    if (port.ec != std::errc()) return false;
    if (port.ptr == end) return true;
    if (*port.ptr != ',') return false;
    const auto first = std::from_chars(port.ptr + 1, end, request.first);
    return first.ec == std::errc() && first.ptr == end;
}

// nullptr when the parameters name no net_famez port of this process.
Port* port_of(const char* parameters, Request& request) {
    if (parameters == nullptr || !parse(parameters, request)) return nullptr;
    if (rte_pmd_famez_id(request.port_id) < 0) return nullptr;
    Attachment* attachment = attachment_of(&rte_eth_devices[request.port_id]);
    return attachment != nullptr && attachment->joined() ? &attachment->fabric().port() : nullptr;
}

// Calls add(id, entry), which says whether it had anything to tell, until the answer is full.
void add_page(rte_tel_data* answer, const Request& request, std::uint32_t ports,
              const std::function<bool(std::uint32_t, rte_tel_data*)>& add) {
    std::uint32_t entries = 0;
    std::uint32_t id = std::max(request.first, 1U);
    for (; id <= ports && entries < entries_max; ++id) {
        rte_tel_data* entry = rte_tel_data_alloc();
        if (entry == nullptr) break;
        rte_tel_data_start_dict(entry);
        if (add(id, entry) &&
            rte_tel_data_add_dict_container(answer, fmt::format("{}", id).c_str(), entry, 0) == 0) {
            ++entries;
        } else {
            rte_tel_data_free(entry);
        }
    }
    add_number(answer, "next", id <= ports ? id : 0);
}

const char* name_of(layout::PortState state) {
    switch (state) {
        case layout::PortState::up:
            return "up";
        case layout::PortState::stopped:
            return "stopped";
        case layout::PortState::absent:
            break;
    }
    return "absent";
}

const char* name_of(LaneState state) {
    switch (state) {
        case LaneState::open:
            return "open";
        case LaneState::asking:
            return "asking";
        case LaneState::refused:
            return "refused";
        case LaneState::closed:
            break;
    }
    return "closed";
}

bool add_port(const Port& port, std::uint32_t id, rte_tel_data* entry) {
    layout::PortEntry& shared = port_entry(port.region(), port.geometry(), id);
    const PortView view = view_port(shared, port.geometry().lanes);
    if (!view.present()) return false;
    rte_tel_data_add_dict_string(entry, "node",
                                 port_node_name(port.region(), port.geometry(), id).c_str());
    rte_tel_data_add_dict_string(entry, "state", name_of(view.state));
    rte_tel_data_add_dict_string(entry, "heartbeat",
                                 port.stale(id) ? "stale" : (port.alive(id) ? "moves" : "unknown"));
    rte_tel_data_add_dict_string(entry, "epoch", fmt::format("{:#x}", view.epoch).c_str());
    add_number(entry, "addresses", load_relaxed(shared.addresses.count));
    add_number(entry, "filter", load_relaxed(shared.addresses.filter));
    add_number(entry, "tx_messages", load_relaxed(shared.counters.tx_messages));
    add_number(entry, "rx_messages", load_relaxed(shared.counters.rx_messages));
    return true;
}

// All lanes of a pair as one: the state of the one that has come furthest, and what was taken of
// all.
LaneView view_lanes(const Port& port, std::uint32_t destination, std::uint32_t source) {
    LaneView all;
    for (std::uint32_t lane = 0; lane < port.geometry().lanes; ++lane) {
        const LaneView view = view_lane(port.region(), port.geometry(), destination, source, lane);
        if (view.state == LaneState::closed) continue;
        all.state = std::max(all.state, view.state);
        all.position += view.position;
        all.taken += view.taken;
    }
    return all;
}

bool add_lane(const Port& port, std::uint32_t peer, rte_tel_data* entry) {
    const LaneView tx = view_lanes(port, peer, port.id());
    const LaneView rx = view_lanes(port, port.id(), peer);
    if (tx.state == LaneState::closed && rx.state == LaneState::closed) return false;
    rte_tel_data_add_dict_string(entry, "tx", name_of(tx.state));
    add_number(entry, "tx_bytes_taken", tx.position);
    add_number(entry, "tx_messages_taken", tx.taken);
    rte_tel_data_add_dict_string(entry, "rx", name_of(rx.state));
    add_number(entry, "rx_bytes_taken", rx.position);
    add_number(entry, "rx_messages_taken", rx.taken);
    return true;
}

int show(const char* parameters, rte_tel_data* answer,
         bool (*add)(const Port&, std::uint32_t, rte_tel_data*)) {
    const std::lock_guard lock(attachments_mutex);
    Request request;
    const Port* port = port_of(parameters, request);
    if (port == nullptr) return -EINVAL;
    rte_tel_data_start_dict(answer);
    add_number(answer, "id", port->id());
    add_page(answer, request, port->geometry().ports,
             [&](std::uint32_t id, rte_tel_data* entry) { return add(*port, id, entry); });
    return 0;
}

int show_ports(const char* /*command*/, const char* parameters, rte_tel_data* answer) {
    return show(parameters, answer, add_port);
}

int show_lanes(const char* /*command*/, const char* parameters, rte_tel_data* answer) {
    return show(parameters, answer, add_lane);
}

RTE_INIT(famez_telemetry) {
    rte_telemetry_register_cmd(
        "/famez/ports", show_ports,
        "The ports of the fabric, as a net_famez port sees them. Parameters: port_id[,first id]");
    rte_telemetry_register_cmd(
        "/famez/lanes", show_lanes,
        "The lanes of a net_famez port. Parameters: port_id[,first peer id]");
}

}  // namespace
}  // namespace famez::pmd
