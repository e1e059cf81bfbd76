// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <string_view>

#include <rte_telemetry.h>

#include "compat_telemetry.h"
#include "snapshot.h"

namespace famez::fwd {
namespace {

using pmd::add_number;

constexpr std::uint32_t addresses_max = 64;  // of an answer, that it fits telemetry's 16 KB

// Telemetry's threads ask while ours ends.
std::mutex engine_mutex;
const Engine* the_engine = nullptr;

void add_totals(rte_tel_data* dict, const Totals& totals) {
    add_number(dict, "in", totals.received);
    add_number(dict, "copies", totals.copies);
    add_number(dict, "flooded", totals.flooded);
    add_number(dict, "out", totals.sent);
    add_number(dict, "dropped", totals.dropped());
    for (std::size_t i = 0; i < drop_reasons; ++i) {
        if (totals.drops[i] == 0) continue;
        const std::string name = fmt::format("drop_{}", to_string(static_cast<Drop>(i)));
        add_number(dict, name.c_str(), totals.drops[i]);
    }
}

int show_info(const Engine& engine, std::string_view /*parameters*/, rte_tel_data* answer) {
    rte_tel_data_start_dict(answer);
    rte_tel_data_add_dict_string(answer, "mode", to_string(engine.options().mode));
    add_number(answer, "ports", engine.ports().count());
    add_number(answer, "workers", engine.workers());
    add_number(answer, "sleeps", engine.sleeps());
    add_totals(answer, engine.totals());
    add_number(answer, "addresses", engine.table().size());
    add_number(answer, "addresses_limit", engine.table().limit());
    add_number(answer, "addresses_refused", engine.table().refusals());
    add_number(answer, "address_moves", engine.table().moves());
    if (engine.routes() != nullptr) {
        rte_tel_data_add_dict_string(answer, "routes_file", engine.routes()->path().c_str());
        add_number(answer, "routes", engine.routes()->shared()->size());
    }
    return 0;
}

int show_ports(const Engine& engine, std::string_view /*parameters*/, rte_tel_data* answer) {
    rte_tel_data_start_dict(answer);
    for (std::uint16_t i = 0; i < engine.ports().count(); ++i) {
        rte_tel_data* entry = rte_tel_data_alloc();
        if (entry == nullptr) return -ENOMEM;
        rte_tel_data_start_dict(entry);
        const Port& port = engine.ports()[i];
        rte_tel_data_add_dict_string(entry, "device", port.name().c_str());
        rte_tel_data_add_dict_string(entry, "driver", port.driver().c_str());
        rte_tel_data_add_dict_string(entry, "link", port.link_up() ? "up" : "down");
        add_totals(entry, engine.totals(i));
        rte_tel_data_add_dict_container(answer, fmt::format("{}", i).c_str(), entry, 0);
    }
    return 0;
}

int show_macs(const Engine& engine, std::string_view parameters, rte_tel_data* answer) {
    std::uint32_t first = 0;
    const char* const end = parameters.data() + parameters.size();
    if (!parameters.empty() && std::from_chars(parameters.data(), end, first).ptr != end) {
        return -EINVAL;
    }
    rte_tel_data_start_dict(answer);
    const double step_s = engine.options().ageing_s / MacTable::lifetime_steps;
    std::uint32_t number = 0;
    engine.table().each([&](Address address, std::uint16_t port, std::uint32_t steps) {
        const std::uint32_t place = number++;
        if (place < first || place - first >= addresses_max) return;
        rte_tel_data* entry = rte_tel_data_alloc();
        if (entry == nullptr) return;
        rte_tel_data_start_dict(entry);
        rte_tel_data_add_dict_string(entry, "address", to_text(address).c_str());
        add_number(entry, "port", port);
        add_number(entry, "seen_seconds_ago", static_cast<std::uint64_t>(steps * step_s));
        rte_tel_data_add_dict_container(answer, fmt::format("{}", place).c_str(), entry, 0);
    });
    add_number(answer, "next", number - first > addresses_max ? first + addresses_max : 0);
    return 0;
}

int show_route(const Engine& engine, std::string_view parameters, rte_tel_data* answer) {
    const auto address = parse_address(parameters);
    if (engine.routes() == nullptr || !address) return -EINVAL;
    const auto table = engine.routes()->shared();
    const Route& route = table->find(*address);
    rte_tel_data_start_dict(answer);
    rte_tel_data_add_dict_string(answer, "address", to_text(*address).c_str());
    if (route.drop) {
        rte_tel_data_add_dict_string(answer, "drop", route.unknown ? "no_route" : "by_route");
        return 0;
    }
    add_number(answer, "port", route.port);
    if (route.rewrite) rte_tel_data_add_dict_string(answer, "as", to_text(route.to).c_str());
    return 0;
}

template <int (*show)(const Engine&, std::string_view, rte_tel_data*)>
int answer_with(const char* /*command*/, const char* parameters, rte_tel_data* answer) {
    const std::lock_guard lock(engine_mutex);
    if (the_engine == nullptr) return -ENODEV;
    return show(*the_engine, parameters != nullptr ? parameters : "", answer);
}

}  // namespace

Telemetry::Telemetry(const Engine& engine) {
    const std::lock_guard lock(engine_mutex);
    the_engine = &engine;
    static const bool once = [] {
        rte_telemetry_register_cmd("/famez_fwd/info", answer_with<show_info>,
                                   "Mode, tables and sums of famez_fwd. No parameters");
        rte_telemetry_register_cmd("/famez_fwd/ports", answer_with<show_ports>,
                                   "Counters of each port. No parameters");
        rte_telemetry_register_cmd(
            "/famez_fwd/macs", answer_with<show_macs>,
            "Addresses that were learned. Parameters: [number of the first]");
        rte_telemetry_register_cmd("/famez_fwd/route", answer_with<show_route>,
                                   "Where frames for an address go. Parameters: address");
        return true;
    }();
    (void)once;
}

Telemetry::~Telemetry() {
    const std::lock_guard lock(engine_mutex);
    the_engine = nullptr;
}

}  // namespace famez::fwd
