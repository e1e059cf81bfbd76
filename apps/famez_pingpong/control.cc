// SPDX-License-Identifier: BSD-3-Clause
#include "control.h"

#include <array>
#include <cstring>

#include "port.h"

namespace famez::pingpong {

std::optional<ReceivedControl> read_control(std::span<const std::uint8_t> frame) {
    if (frame.size() != control_frame || frame_type(frame.data()) != control_type) {
        return std::nullopt;
    }
    ReceivedControl received{frame_source(frame.data()), {}};
    std::memcpy(&received.message, frame.data() + ether_header, sizeof received.message);
    if (!plausible(received.message)) return std::nullopt;
    return received;
}

bool send_control(Port& port, const MacAddress& to, const ControlMessage& message) {
    std::array<std::uint8_t, control_frame> frame{};
    HeaderTemplate(to, port.mac(), control_type).write(frame.data(), 0);
    std::memcpy(frame.data() + ether_header, &message, sizeof message);
    return port.send_frame(frame);
}

}  // namespace famez::pingpong
