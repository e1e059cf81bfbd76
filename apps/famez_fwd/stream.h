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

    [[gnu::always_inline]] std::uint16_t receive(rte_mbuf** packets, std::uint16_t most) const {
        const std::uint16_t count = rte_eth_rx_burst(port, queue, packets, most);
        if (count != 0) add(counters->received, count);
        return count;
    }
};

}  // namespace famez::fwd
