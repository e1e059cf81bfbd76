// SPDX-License-Identifier: BSD-3-Clause
//
// The counters of a port by name, for whoever shows them. One line a counter: a new one is shown
// everywhere at once.
#pragma once

#include <cstdint>
#include <span>

#include <famez/layout.h>

namespace famez {

struct CounterName {
    const char* name;
    const char* help;
    std::uint64_t layout::PortCounters::*value;
    bool gauge = false;  // it can go down
};

std::span<const CounterName> counter_table();

}  // namespace famez
