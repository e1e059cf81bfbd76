// SPDX-License-Identifier: BSD-3-Clause
// What the tests of an emulated wire share: a wire with a clock of nanoseconds, whose frames are
// numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "impairer.h"

namespace famez::fwd {

inline constexpr std::uint64_t second = 1'000'000'000;  // a tick is a nanosecond
inline constexpr std::uint64_t ms = second / 1000;
inline constexpr std::uint64_t us = second / 1'000'000;

// Frames are numbers; none of them is 0.
inline void* frame(std::uint64_t number) {
    return reinterpret_cast<void*>(number);
}

using Numbers = std::vector<std::uint64_t>;

inline Impairer make(const Impairment& impairment, std::uint64_t seed = 1) {
    return {impairment, seed, second};
}

inline Numbers release(Impairer& wire, std::uint64_t now, std::uint32_t most = 32) {
    std::vector<void*> out(most);
    out.resize(wire.release(out.data(), most, now));
    Numbers numbers;
    for (void* packet : out)
        numbers.push_back(reinterpret_cast<std::uint64_t>(packet));
    return numbers;
}

inline void append(Numbers& all, const Numbers& more) {
    all.insert(all.end(), more.begin(), more.end());
}

// All that is held, each at its time.
inline Numbers drain(Impairer& wire) {
    Numbers all;
    while (wire.held() > 0)
        append(all, release(wire, wire.next_due()));
    return all;
}

}  // namespace famez::fwd
