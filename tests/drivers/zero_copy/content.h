// SPDX-License-Identifier: BSD-3-Clause
// The content of frames: every byte says which message it is for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <rte_mbuf.h>

#include "expect.h"

namespace famez::probe {

inline std::uint64_t word(std::uint64_t number, std::size_t index) {
    return (number + 1) * 0x9e3779b97f4a7c15 + index * 0xd6e8feb86659fd93;
}

inline void fill(rte_mbuf* packet, std::uint16_t length, std::uint64_t number) {
    auto* bytes = reinterpret_cast<char*>(rte_pktmbuf_append(packet, length));
    if (bytes == nullptr) give_up("no room in a buffer");
    for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
        const std::uint64_t value = word(number, i);
        std::memcpy(bytes + i, &value, std::min<std::size_t>(sizeof value, length - i));
    }
}

inline bool holds(const rte_mbuf* packet, std::uint16_t length, std::uint64_t number) {
    if (packet->pkt_len != length || packet->nb_segs != 1) return false;
    const auto* bytes = rte_pktmbuf_mtod(packet, const char*);
    for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
        const std::uint64_t value = word(number, i);
        if (std::memcmp(bytes + i, &value, std::min<std::size_t>(sizeof value, length - i)) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace famez::probe
