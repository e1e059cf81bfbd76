// SPDX-License-Identifier: BSD-3-Clause
#include "crossing.h"

namespace famez::fwd {

void Crossing::flood(Stream& from, rte_mbuf* packet) {
    Counters& counters = *from.counters;
    if (outlets.size() < 2) {
        outlet(from.index).drop(&packet, 1, Drop::same_port);
        return;
    }
    if (!from.floods.take(rte_rdtsc())) {
        outlet(from.index).drop(&packet, 1, Drop::flood_limited);
        return;
    }
    add(counters.flooded, 1);
    // The last one gets the frame itself. Whole copies rather than references: drivers may then
    // free a burst in one piece, and nobody writes into what another one still sends.
    const std::uint16_t last =
        static_cast<std::uint16_t>(outlets.size() - (from.index + 1U == outlets.size() ? 2 : 1));
    for (std::uint16_t to = 0; to < last; ++to) {
        if (to == from.index) continue;
        add(counters.copies, 1);
        if (!outlet(to).can_take_copy()) {
            counters.drop(Drop::flood_full, 1);
        } else if (rte_mbuf* copy = rte_pktmbuf_copy(packet, pool, 0, UINT32_MAX)) {
            outlet(to).gather(copy);
        } else {
            counters.drop(Drop::no_memory, 1);
        }
    }
    if (outlet(last).can_take_copy()) {
        outlet(last).gather(packet);
    } else {
        outlet(from.index).drop(&packet, 1, Drop::flood_full);
    }
}

}  // namespace famez::fwd
