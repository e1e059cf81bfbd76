// SPDX-License-Identifier: BSD-3-Clause
//
// Reading lane blocks: what both ends of a lane say of it, for whoever shows it. Every word of it
// can be a lie, and those of one view can be of different moments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/memory.h>
#include <famez/record.h>

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

// Bytes in an open lane's ring that the consumer has not said it has taken (it says so late): what
// the producer has to find room beside. For showing only: lengths are believed as far as they stay
// in the ring, so a lie makes a wrong number and no more; and no more than so many records are
// counted, which bounds what a lie can cost.
inline constexpr int backlog_records_max = 16384;
inline std::uint64_t lane_backlog(std::span<std::byte> region, const Geometry& geometry,
                                  std::uint32_t destination, const LaneView& view) {
    const std::uint64_t from_slab = view.ring_offset - geometry.slab_offset(destination);
    const bool a_ring = from_slab % geometry.ring_stride() == 0 &&
                        from_slab / geometry.ring_stride() < geometry.rings_per_slab();
    if (!a_ring || view.position % record::header_bytes != 0) return 0;
    std::uint64_t bytes = 0;
    for (int records = 0; bytes < geometry.ring_bytes && records < backlog_records_max; ++records) {
        const std::uint64_t offset = (view.position + bytes) % geometry.ring_bytes;
        const std::uint64_t header =
            load_relaxed(at<std::uint64_t>(region, view.ring_offset + offset));
        if (header == 0) break;
        const std::uint64_t step = record::bytes(record::length(header));
        if (step > geometry.ring_bytes - offset) break;
        bytes += step;
    }
    return std::min(bytes, geometry.ring_bytes);
}

}  // namespace famez
