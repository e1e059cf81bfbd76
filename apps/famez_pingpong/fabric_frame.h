// SPDX-License-Identifier: BSD-3-Clause
// A message of --api fabric where it lies: in the lane. It looks as a frame does, so that both APIs
// understand each other. ethdev_frames.h has the functions of the same names for packet buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control.h"
#include "verify.h"
#include "wire.h"

namespace famez::pingpong {

// Of min_frame bytes at least.
struct FabricFrame {
    const std::uint8_t* data;
    std::uint32_t size;
};

inline const std::uint8_t* frame_of(const FabricFrame& frame) {
    return frame.data;
}

inline std::uint32_t size_of(const FabricFrame& frame) {
    return frame.size;
}

inline std::uint32_t first_piece_of(const FabricFrame& frame) {
    return frame.size;
}

inline bool is_type(const FabricFrame& frame, std::uint16_t type) {
    return frame_type(frame.data) == type;
}

inline std::optional<ReceivedControl> parse_control(const FabricFrame& frame) {
    return read_control({frame.data, frame.size});
}

inline void collect_payload(const FabricFrame& frame, std::vector<Piece>& pieces) {
    pieces.assign(1, {frame.data + ether_header, frame.size - ether_header});
}

inline void verify_frame(const FabricFrame& frame, Verifier& verifier,
                         std::vector<Piece>& /*scratch*/) {
    verifier.accept(frame.data + ether_header, frame.size - ether_header);
}

}  // namespace famez::pingpong
