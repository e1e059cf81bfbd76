// SPDX-License-Identifier: BSD-3-Clause
#include "stall_watch.h"

namespace famez::pmd {
namespace {

// Who has not tried for so long does not know whether the lane has stood still since.
constexpr std::uint32_t ticks_of_memory = 40;

}  // namespace

// A tick more: the first one may be nearly over.
StallWatch::StallWatch(std::uint32_t ports, std::uint32_t stall_ms)
    : lanes_(ports + 1),
      ticks_(stall_ms == 0 ? 0 : (stall_ms + Port::tick_ms - 1) / Port::tick_ms + 1) {}

bool StallWatch::stalled(std::uint32_t id, std::uint64_t progress, std::uint32_t now) {
    Lane& lane = lanes_[id];
    const bool fresh =
        !lane.waits || lane.progress != progress || now - lane.last > ticks_ + ticks_of_memory;
    if (fresh) lane = {progress, now, now, true};
    lane.last = now;
    return ticks_ != 0 && now - lane.since >= ticks_;
}

void StallWatch::forget(std::uint32_t id) {
    lanes_[id].waits = false;
}

}  // namespace famez::pmd
