// SPDX-License-Identifier: BSD-3-Clause
// Where a worker's streams and outlets meet: what every mode has at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "outlet.h"
#include "stream.h"

namespace famez::fwd {

inline const std::uint8_t* frame_of(const rte_mbuf* packet) {
    return rte_pktmbuf_mtod(packet, const std::uint8_t*);
}
inline std::uint8_t* frame_of(rte_mbuf* packet) {
    return rte_pktmbuf_mtod(packet, std::uint8_t*);
}

struct Crossing {
    std::uint16_t burst;
    rte_mempool* pool;
    Load load;
    std::vector<Stream> streams;
    std::vector<std::unique_ptr<Outlet>> outlets;  // one a port, in the ports' order

    [[nodiscard]] Outlet& outlet(std::uint16_t port) const { return *outlets[port]; }

    // Calls visit(outlet) for each of those whose bits are set.
    template <class Visit>
    [[gnu::always_inline]] void each(std::uint32_t bits, Visit&& visit) const {
        for (; bits != 0; bits &= bits - 1)
            visit(*outlets[static_cast<std::size_t>(__builtin_ctz(bits))]);
    }

    // A frame for all ports but the one that it came from. Copies go where there is room.
    void flood(Stream& from, rte_mbuf* packet);
};

}  // namespace famez::fwd
