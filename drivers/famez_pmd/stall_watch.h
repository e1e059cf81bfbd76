// SPDX-License-Identifier: BSD-3-Clause
//
// Since when has a lane stood still? One stuck port must not hold up the frames to all the others
// (design section 4). Off the fast path: asked only when a frame cannot go.
#pragma once

#include <cstdint>
#include <vector>

#include <famez/port.h>

namespace famez::pmd {

class StallWatch {
  public:
    // `stall_ms`: how long a lane may stand still; 0: for ever. Time is counted in ticks of the
    // port, so that it costs no system call: it is this long at least, and a tick longer at most.
    StallWatch(std::uint32_t ports, std::uint32_t stall_ms);

    // A frame for `id` cannot go now. `progress` is anything that changes when the lane moves. True
    // once it has not changed for too long, over all attempts.
    [[nodiscard]] bool stalled(std::uint32_t id, std::uint64_t progress, std::uint32_t now);
    // Nobody is there: the next one begins with a clean record.
    void forget(std::uint32_t id);

  private:
    struct Lane {
        std::uint64_t progress = 0;
        std::uint32_t since = 0;  // the first attempt at this state of progress
        std::uint32_t last = 0;   // the latest
        bool waits = false;
    };
    std::vector<Lane> lanes_;  // by id
    std::uint32_t ticks_;      // 0: never
};

}  // namespace famez::pmd
