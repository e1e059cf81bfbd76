// SPDX-License-Identifier: BSD-3-Clause
//
// Reading lane blocks: what both ends of a lane say of it, for whoever shows it. Every word of it
// can be a lie, and those of one view can be of different moments.
#pragma once

#include <cstdint>
#include <span>

#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/memory.h>

namespace famez {

enum class LaneState : std::uint8_t {
    closed,   // nobody asks for it
    asking,   // the producer waits for an answer
    refused,  // the answer was no, or the session has ended; the producer has not asked anew
    open,
};

struct LaneView {
    LaneState state = LaneState::closed;
    std::uint64_t ring_offset = 0;
    std::uint64_t position = 0;  // bytes that the consumer says it has taken
    std::uint64_t taken = 0;     // messages, likewise
};

// A few loads; safe from any thread. Ids are 1..ports, lane is below lanes.
inline LaneView view_lane(std::span<std::byte> region, const Geometry& geometry,
                          std::uint32_t destination, std::uint32_t source, std::uint32_t lane) {
    auto& block = at<layout::LaneBlock>(region, geometry.lane_offset(destination, source, lane));
    const std::uint64_t request = load_relaxed(block.request.request);
    const std::uint64_t ack = load_relaxed(block.grant.ack);
    LaneView view;
    view.ring_offset = load_relaxed(block.grant.ring_offset);
    view.position = load_relaxed(block.grant.position);
    view.taken = load_relaxed(block.grant.taken);
    if (request == 0) {
        view.state = LaneState::closed;
    } else if (ack == request) {
        view.state = LaneState::open;
    } else if (ack == (request | layout::request_nak)) {
        view.state = LaneState::refused;
    } else {
        view.state = LaneState::asking;
    }
    return view;
}

}  // namespace famez
