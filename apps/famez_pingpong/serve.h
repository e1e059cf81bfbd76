// SPDX-License-Identifier: BSD-3-Clause
// The hot loop around what rx and pong do with a burst.
#pragma once

#include <array>
#include <cstdint>

#include "clock.h"
#include "port.h"
#include "receiver.h"

namespace famez::pingpong {

// Polls until the run is to end. `work.take(packets, count, busy)` counts and disposes of a burst
// and says whether to go on; `busy`: no pause lies before it.
template <class Work>
void serve(const Port& port, Receiver& receiver, std::uint16_t burst, Work& work) {
    std::array<rte_mbuf*, 512> packets;
    Tally& tally = receiver.tally();
    std::uint32_t idle = 0;
    for (;;) {
        const std::uint16_t count = port.receive(packets.data(), burst);
        if (count == 0) {
            if (idle < idle_polls && ++idle == idle_polls) tally.end_cycles = now_cycles();
            if (receiver.spend_empty() && !receiver.on_idle()) break;
            continue;
        }
        const bool go_on = work.take(packets.data(), count, idle < idle_polls);
        idle = 0;
        if (!go_on) break;
        if (tally.messages >= receiver.limit() && !receiver.on_limit()) break;
        if (receiver.spend(count) && !receiver.on_tick()) break;
    }
    if (idle < idle_polls) tally.end_cycles = now_cycles();
}

}  // namespace famez::pingpong
