// SPDX-License-Identifier: BSD-3-Clause
// What a program has measured, as a line of JSON with the keys of famez_pingpong.
#pragma once

#include <cstdint>

#include "histogram.h"
#include "options.h"

namespace famez::rivals {

struct Result {
    std::uint64_t messages = 0;
    double seconds = 0;
    const pingpong::Histogram* round_trips = nullptr;  // ping: in cycles
};

void print(const char* driver, const Options& options, const Result& result);

}  // namespace famez::rivals
