// SPDX-License-Identifier: BSD-3-Clause
// A receive queue of a port, which one worker polls.
#pragma once

#include <cstdint>

#include <rte_ethdev.h>

#include "counters.h"
#include "token_bucket.h"

namespace famez::fwd {

struct Stream {
    std::uint16_t index;  // of the port among ours: its outlets' too
    std::uint16_t port;   // ethdev's number
    std::uint16_t queue;  // of reception
    Counters* counters;   // this worker's at this port
    TokenBucket floods;

    // A burst. Behind a full one more may wait: up to `bursts` of them, which go on as one.
    [[gnu::always_inline]] std::uint16_t receive(rte_mbuf** packets, std::uint16_t burst,
                                                 std::uint16_t bursts) const {
        std::uint16_t came = rte_eth_rx_burst(port, queue, packets, burst);
        if (came == 0) return 0;
        std::uint16_t count = came;
        while (came == burst && --bursts != 0) {
            came = rte_eth_rx_burst(port, queue, packets + count, burst);
            count += came;
        }
        add(counters->received, count);
        return count;
    }
};

}  // namespace famez::fwd
