// SPDX-License-Identifier: BSD-3-Clause
// The switch in DPDK's telemetry:
//
//     /famez_fwd/info            mode, tables, sums
//     /famez_fwd/ports           each port: in, out, drops by reason
//     /famez_fwd/macs[,FIRST]    who is where; FIRST counts from 0, as an answer holds so many only
//     /famez_fwd/route,ADDRESS   where a frame for that address goes
#pragma once

#include "engine.h"

namespace famez::fwd {

class Telemetry {
  public:
    // Answers from now to its end. One at a time.
    explicit Telemetry(const Engine& engine);
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;
};

}  // namespace famez::fwd
