// SPDX-License-Identifier: BSD-3-Clause
// The cycle counter, in seconds.
#pragma once

#include <cstdint>

#include <rte_cycles.h>

namespace famez::pingpong {

// One of them once, before anything below: EAL knows how fast the counter runs; without EAL it is
// measured, which takes a twentieth of a second.
void start_clock_of_eal();
void start_clock();

// Cycles a second.
std::uint64_t cycles_hz();

inline std::uint64_t now_cycles() {
    return rte_rdtsc();
}

inline double to_seconds(std::uint64_t cycles) {
    return static_cast<double>(cycles) / static_cast<double>(cycles_hz());
}

inline std::uint64_t to_cycles(double seconds) {
    return static_cast<std::uint64_t>(seconds * static_cast<double>(cycles_hz()));
}

inline double to_nanoseconds(double cycles) {
    return cycles * 1e9 / static_cast<double>(cycles_hz());
}

}  // namespace famez::pingpong
