// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "clock.h"
#include "log.h"
#include "percentile_text.h"

namespace famez::pingpong {
namespace {

struct Percentile {
    const char* name;
    double percent;
};
constexpr std::array<Percentile, 5> percentiles = {
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99_9", 99.9}, {"p99_99", 99.99}}};

double nanoseconds(std::uint64_t cycles) {
    return to_nanoseconds(static_cast<double>(cycles));
}

double tenth(double value) {
    return std::round(value * 10) / 10;
}

void add_times(nlohmann::ordered_json& json, const std::string& what, const Histogram& times) {
    json[what + "_ns_min"] = tenth(nanoseconds(times.min()));
    for (const auto& [name, percent] : percentiles) {
        json[what + "_ns_" + name] = tenth(nanoseconds(times.percentile(percent)));
    }
    json[what + "_ns_max"] = tenth(nanoseconds(times.max()));
    json[what + "_ns_mean"] = tenth(to_nanoseconds(times.mean()));
}

void add_sleeps(nlohmann::ordered_json& json, const Row& row) {
    json["cpu_percent"] = row.cpu_percent ? nlohmann::ordered_json(tenth(*row.cpu_percent))
                                          : nlohmann::ordered_json();
    const Sleeps sleeps = row.sleeps.value_or(Sleeps{});
    json["sleeps"] = sleeps.sleeps;
    json["pauses"] = sleeps.pauses;
    json["sleep_by"] = !row.sleeps ? "none" : (sleeps.by_interrupt ? "interrupt" : "timer");
}

// For people: what is only there with --idle-us.
std::string sleeps_header(const Row& row) {
    return row.sleeps ? fmt::format(" | {:>6} {:>9}", "CPU %", "sleeps") : "";
}

std::string sleeps_columns(const Row& row) {
    if (!row.sleeps) return "";
    return fmt::format(" | {:>6.1f} {:>9}", row.cpu_percent.value_or(0.0),
                       row.sleeps->sleeps + row.sleeps->pauses);
}

void add_peer(nlohmann::ordered_json& json, const ControlMessage& peer) {
    json["peer_received"] = peer.received;
    json["peer_lost"] = peer.lost;
    json["peer_duplicated"] = peer.duplicated;
    json["peer_reordered"] = peer.reordered;
    json["peer_corrupted"] = peer.corrupted;
    json["peer_verified"] = peer.verified != 0;
}

const char* to_string(Touch touch) {
    return touch == Touch::none ? "none" : (touch == Touch::first ? "first" : "all");
}

std::string or_dash(std::optional<std::uint64_t> number) {
    return number ? fmt::format("{}", *number) : "-";
}

}  // namespace

void Reporter::add(const Row& row) {
    judge(row);
    switch (options_.format) {
        case Format::table:
            options_.role == Role::ping ? print_ping_row(row) : print_stream_row(row);
            break;
        case Format::json:
            fmt::print("{}\n", describe(row).dump());
            break;
        case Format::csv:
            print_csv_row(row);
            break;
    }
    // Readers follow a sweep line by line.
    std::fflush(stdout);
    save_histogram(row);
    ++rows_;
    // Now: some drivers forget their counters when the other end goes.
    port_line_ = port_.statistics_line();
}

void Reporter::judge(const Row& row) {
    if (row.tally.messages != 0) anything_came_ = true;
    const bool damaged = row.lost.value_or(0) != 0 || row.duplicated != 0 || row.reordered != 0 ||
                         row.corrupted != 0;
    if (options_.verify && damaged) wrong_ = true;
    if (row.ended == std::string_view("link_down")) wrong_ = true;
    if (!row.peer || row.peer->verified == 0) return;
    const ControlMessage& peer = *row.peer;
    if (peer.lost != 0 || peer.duplicated != 0 || peer.reordered != 0 || peer.corrupted != 0) {
        wrong_ = true;
    }
}

nlohmann::ordered_json Reporter::describe(const Row& row) const {
    nlohmann::ordered_json json;
    json["role"] = pingpong::to_string(options_.role);
    json["api"] = options_.api == Api::fabric ? "fabric" : "ethdev";
    json["driver"] = port_.driver();
    json["port"] = port_.id();
    if (row.size.mixed()) {
        json["size_bytes"] = pingpong::to_string(row.size);
    } else {
        json["size_bytes"] = row.size.min;
    }
    json["size_min_bytes"] = row.size.min;
    json["size_max_bytes"] = row.size.max;
    json["burst"] = options_.burst;
    json["verify"] = options_.verify;
    json["content_verified"] = row.content_verified;
    if (options_.role == Role::rx) json["touch"] = to_string(options_.touch);
    json["cycles_hz"] = cycles_hz();
    json["ended"] = row.ended;
    json["sent"] = row.sent;
    json["received"] = row.received;
    json["lost"] = row.lost ? nlohmann::ordered_json(*row.lost) : nlohmann::ordered_json();
    json["late"] = row.late;
    json["duplicated"] = row.duplicated;
    json["reordered"] = row.reordered;
    json["corrupted"] = row.corrupted;
    json["foreign_frames"] = row.foreign;
    json["dropped"] = row.dropped;
    json["frame_bytes"] = row.tally.bytes;
    json["elapsed_s"] = row.tally.seconds();
    json["rate_mmsg_per_s"] = row.tally.messages_per_second() / 1e6;
    json["rate_gbit_per_s"] = row.tally.bits_per_second() / 1e9;
    if (options_.rate) json["rate_wanted_msg_per_s"] = *options_.rate;
    if (row.rtt != nullptr) {
        json["rtt_samples"] = row.rtt->count();
        add_times(json, "rtt", *row.rtt);
    }
    if (row.service != nullptr) add_times(json, "service", *row.service);
    if (row.peer) add_peer(json, *row.peer);
    json["link_downs"] = row.link_downs;
    json["stalls"] = row.stalls;
    add_sleeps(json, row);
    port_.add_statistics(json);
    return json;
}

void Reporter::print_csv_row(const Row& row) const {
    // The same names and order as in JSON; what is itself a list stays out.
    const nlohmann::ordered_json json = describe(row);
    std::string header;
    std::string line;
    for (const auto& [key, value] : json.items()) {
        if (value.is_structured()) continue;
        if (!header.empty()) {
            header += ',';
            line += ',';
        }
        header += key;
        if (value.is_string()) {
            line += value.get<std::string>();
        } else if (!value.is_null()) {
            line += value.dump();
        }
    }
    if (rows_ == 0) fmt::print("{}\n", header);
    fmt::print("{}\n", line);
}

void Reporter::print_ping_row(const Row& row) const {
    if (rows_ == 0) {
        fmt::print(
            "{:>11} {:>5} {:>12} {:>8} | {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>9} {:>8} | {:>9} "
            "{:>9}{}\n",
            "size B", "burst", "sent", "lost", "min ns", "p50", "p90", "p99", "p99.9", "p99.99",
            "max", "mean", "Mmsg/s", "Gb/s", sleeps_header(row));
    }
    const Histogram& rtt = *row.rtt;
    fmt::print(
        "{:>11} {:>5} {:>12} {:>8} | {:>7.0f} {:>7.0f} {:>7.0f} {:>7.0f} {:>8.0f} {:>8.0f} "
        "{:>9.0f} {:>8.1f} | {:>9.4f} {:>9.4f}{}\n",
        pingpong::to_string(row.size), options_.burst, row.sent, or_dash(row.lost),
        nanoseconds(rtt.min()), nanoseconds(rtt.percentile(50)), nanoseconds(rtt.percentile(90)),
        nanoseconds(rtt.percentile(99)), nanoseconds(rtt.percentile(99.9)),
        nanoseconds(rtt.percentile(99.99)), nanoseconds(rtt.max()), to_nanoseconds(rtt.mean()),
        row.tally.messages_per_second() / 1e6, row.tally.bits_per_second() / 1e9,
        sleeps_columns(row));
}

void Reporter::print_stream_row(const Row& row) const {
    const Tally& tally = row.tally;
    if (rows_ == 0) {
        fmt::print("{:>11} {:>5} {:>13} {:>13} {:>9} {:>7} {:>7} {:>7} {:>9} {:>11} {:>9}{}\n",
                   "size B", "burst", "sent", "received", "lost", "dup", "reord", "corrupt",
                   "seconds", "Mmsg/s", "Gb/s", sleeps_header(row));
    }
    // tx shows what the receiver told it.
    const bool told = options_.role == Role::tx && row.peer.has_value();
    const bool shown = options_.role != Role::tx || told;
    const auto value = [&](std::uint64_t own, std::uint64_t theirs) {
        return shown ? fmt::format("{}", told ? theirs : own) : std::string("-");
    };
    const ControlMessage peer = row.peer.value_or(ControlMessage{});
    fmt::print(
        "{:>11} {:>5} {:>13} {:>13} {:>9} {:>7} {:>7} {:>7} {:>9.3f} {:>11.6f} {:>9.4f}{}\n",
        pingpong::to_string(row.size), options_.burst,
        options_.role == Role::rx ? "-" : fmt::format("{}", row.sent),
        value(row.received, peer.received), told ? fmt::format("{}", peer.lost) : or_dash(row.lost),
        value(row.duplicated, peer.duplicated), value(row.reordered, peer.reordered),
        value(row.corrupted, peer.corrupted), tally.seconds(), tally.messages_per_second() / 1e6,
        tally.bits_per_second() / 1e9, sleeps_columns(row));
}

void Reporter::save_histogram(const Row& row) {
    if (row.rtt == nullptr || options_.histogram_file.empty()) return;
    const std::string path = histogram_path(options_, row.size);
    std::ofstream file(path);
    file << percentile_text(*row.rtt, to_nanoseconds(1.0));
    file.close();
    if (file) return;
    complain("--hist: {} was not written: {}", path, std::strerror(errno));
    wrong_ = true;
}

void Reporter::close() const {
    if (options_.format != Format::table || options_.quiet) return;
    fmt::print("{}\n", port_line_);
}

}  // namespace famez::pingpong
