// SPDX-License-Identifier: BSD-3-Clause
// Reads every byte of a frame, as an application would that uses it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <rte_mbuf.h>

#include "fabric_frame.h"

namespace famez::pingpong {

// The sum of all words; kept, so that the compiler cannot leave the reading out.
class TouchSum {
  public:
    ~TouchSum() { asm volatile("" : : "r"(sum_)); }
    TouchSum() = default;
    TouchSum(const TouchSum&) = delete;
    TouchSum& operator=(const TouchSum&) = delete;

    void add(const rte_mbuf* packet) {
        for (const rte_mbuf* part = packet; part != nullptr; part = part->next) {
            sum_ += sum_of(rte_pktmbuf_mtod(part, const std::uint8_t*), part->data_len);
        }
    }

    void add(const FabricFrame& frame) { sum_ += sum_of(frame.data, frame.size); }

  private:
    static std::uint64_t sum_of(const std::uint8_t* bytes, std::size_t size);

    std::uint64_t sum_ = 0;
};

}  // namespace famez::pingpong
