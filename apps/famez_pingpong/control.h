// SPDX-License-Identifier: BSD-3-Clause
// Control frames: how the two ends agree on where a stream begins and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "wire.h"

namespace famez::pingpong {

class Port;

struct ReceivedControl {
    MacAddress from;
    ControlMessage message;
};

// The control message in this frame, if it is one and can be believed.
std::optional<ReceivedControl> read_control(std::span<const std::uint8_t> frame);

// Sends one; false when the port takes nothing for 50 ms.
bool send_control(Port& port, const MacAddress& to, const ControlMessage& message);

}  // namespace famez::pingpong
