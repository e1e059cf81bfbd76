// SPDX-License-Identifier: BSD-3-Clause
// The hot loop around what rx and pong do with a burst.
#pragma once

#include <cstdint>

#include "clock.h"
#include "receiver.h"

namespace famez::pingpong {

// Polls until the run is to end. `work.take(inbox, busy)` counts and disposes of a burst and says
// whether to go on; `busy`: no pause lies before it.
template <class AnyPort, class Work>
void serve(AnyPort& port, Receiver& receiver, std::uint16_t burst, Work& work) {
    typename AnyPort::Received received;
    typename AnyPort::Inbox inbox(port, received);
    Tally& tally = receiver.tally();
    std::uint32_t idle = 0;
    for (;;) {
        const bool go_on = !inbox.receive(burst) || work.take(inbox, idle < idle_polls);
        if (inbox.count() == 0) {
            if (idle < idle_polls && ++idle == idle_polls) tally.end_cycles = now_cycles();
            if (receiver.spend_empty() && !receiver.on_idle()) break;
            continue;
        }
        idle = 0;
        if (!go_on) break;
        if (tally.messages >= receiver.limit() && !receiver.on_limit()) break;
        if (receiver.spend(inbox.count()) && !receiver.on_tick()) break;
    }
    if (idle < idle_polls) tally.end_cycles = now_cycles();
}

}  // namespace famez::pingpong
