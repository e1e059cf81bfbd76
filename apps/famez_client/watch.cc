// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <string>

#include <famez/error.h>

#include "commands.h"
#include "stop.h"
#include "traffic.h"

namespace famez::client {
namespace {

constexpr const char* clear_screen = "\x1b[H\x1b[J";

std::string table(const Geometry& geometry, const Traffic& before, const Traffic& now) {
    std::string text = fmt::format(
        "{:>4}  {:<16} {:<8} {:>11} {:>11} {:>9} {:>9} {:>9} {:>5} {:>5} {:>5}", "id", "node",
        "state", "tx/s", "rx/s", "tx MB/s", "rx MB/s", "drops/s", "in", "out", "full");
    for (const auto& [id, port] : now.ports) {
        const PortRates rates = rates_of(before, now, id);
        text += fmt::format(
            "\n{:>4}  {:<16} {:<8} {:>11.0f} {:>11.0f} {:>9.2f} {:>9.2f} {:>9.0f} {:>5} {:>5} "
            "{:>4.0f}%",
            id, port.name, port.state, rates.tx_messages, rates.rx_messages, rates.tx_bytes / 1e6,
            rates.rx_bytes / 1e6, rates.drops, port.lanes_in, port.lanes_out,
            100.0 * static_cast<double>(port.backlog) / static_cast<double>(geometry.ring_bytes));
    }
    if (now.ports.empty()) text += "\n      no ports with lanes";
    return text;
}

std::string json(const Geometry& geometry, const Traffic& before, const Traffic& now) {
    nlohmann::json ports = nlohmann::json::array();
    for (const auto& [id, port] : now.ports) {
        const PortRates rates = rates_of(before, now, id);
        ports.push_back({{"id", id},
                         {"node", port.name},
                         {"state", port.state},
                         {"tx_messages", port.tx_messages},
                         {"rx_messages", port.rx_messages},
                         {"drops", port.drops},
                         {"tx_rate", rates.tx_messages},
                         {"rx_rate", rates.rx_messages},
                         {"tx_bytes_rate", rates.tx_bytes},
                         {"rx_bytes_rate", rates.rx_bytes},
                         {"drop_rate", rates.drops},
                         {"lanes_in", port.lanes_in},
                         {"lanes_out", port.lanes_out},
                         {"ring_depth", port.backlog}});
    }
    return nlohmann::json{{"ring_bytes", geometry.ring_bytes}, {"ports", ports}}.dump();
}

}  // namespace

int watch(Session& session, const Command& command) {
    if (!session.geometry()) {
        throw FabricError("the region has a mailbox and no fabric: there is nothing to watch");
    }
    const auto interval = to_duration(command.interval.value_or(1));
    const bool live = !command.json && command.count != 1 && ::isatty(STDOUT_FILENO) == 1;
    Traffic before = take_traffic(session);
    const std::uint64_t count = command.count.value_or(0);
    for (std::uint64_t looks = 0; count == 0 || looks < count; ++looks) {
        session.turn(Session::Clock::now());  // mail is taken even when there is no time to wait
        session.run_until([] { return false; }, before.at + interval);
        if (stop_requested()) break;
        Traffic now = take_traffic(session);
        const Geometry& geometry = *session.geometry();
        session.output().line(command.json
                                  ? json(geometry, before, now)
                                  : (live ? clear_screen : "") + table(geometry, before, now));
        before = std::move(now);
    }
    return exit_ok;
}

}  // namespace famez::client
