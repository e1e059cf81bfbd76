// SPDX-License-Identifier: BSD-3-Clause
// What the port itself counted since it started.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace famez::pingpong {

// Adds "ethdev" (the basic counters) and "xstats" (the driver's own that are not zero).
void add_port_statistics(nlohmann::ordered_json& json, std::uint16_t port);

std::string port_statistics_line(std::uint16_t port);

}  // namespace famez::pingpong
