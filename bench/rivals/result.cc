// SPDX-License-Identifier: BSD-3-Clause
#include "result.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <utility>

#include "clock.h"

namespace famez::rivals {
namespace {

constexpr std::pair<const char*, double> percentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99_9", 99.9}, {"p99_99", 99.99}};

double nanoseconds(double cycles) {
    return std::round(pingpong::to_nanoseconds(cycles) * 10) / 10;
}

}  // namespace

void print(const char* driver, const Options& options, const Result& result) {
    nlohmann::ordered_json json;
    json["role"] = to_string(options.role);
    json["api"] = "rival";
    json["driver"] = driver;
    json["size_bytes"] = options.size;
    json["written"] = to_string(options.written);
    json[options.role == Role::tx ? "sent" : "received"] = result.messages;
    json["elapsed_s"] = result.seconds;
    if (result.seconds > 0) {
        const double rate = static_cast<double>(result.messages) / result.seconds;
        json["rate_mmsg_per_s"] = rate * 1e-6;
        json["rate_gbit_per_s"] = rate * options.size * 8e-9;
    }
    if (const pingpong::Histogram* times = result.round_trips) {
        json["rtt_samples"] = times->count();
        json["rtt_ns_min"] = nanoseconds(static_cast<double>(times->min()));
        for (const auto& [name, percent] : percentiles) {
            json[fmt::format("rtt_ns_{}", name)] =
                nanoseconds(static_cast<double>(times->percentile(percent)));
        }
        json["rtt_ns_max"] = nanoseconds(static_cast<double>(times->max()));
        json["rtt_ns_mean"] = nanoseconds(times->mean());
    }
    fmt::print("{}\n", json.dump());
    std::fflush(stdout);
}

}  // namespace famez::rivals
