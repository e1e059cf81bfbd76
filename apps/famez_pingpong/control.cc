// SPDX-License-Identifier: BSD-3-Clause
#include "control.h"

#include "clock.h"
#include "frames.h"

namespace famez::pingpong {

std::optional<ReceivedControl> parse_control(const rte_mbuf* packet) {
    if (packet->pkt_len != control_frame || !is_type(packet, control_type)) return std::nullopt;
    ReceivedControl received{source_of(packet), {}};
    const void* const payload =
        rte_pktmbuf_read(packet, ether_header, sizeof received.message, &received.message);
    if (payload == nullptr) return std::nullopt;
    if (payload != &received.message) {
        std::memcpy(&received.message, payload, sizeof received.message);
    }
    if (!plausible(received.message)) return std::nullopt;
    return received;
}

bool send_control(const Port& port, const MacAddress& to, const ControlMessage& message) {
    rte_mbuf* packet = rte_pktmbuf_alloc(port.pool());
    if (packet == nullptr) {
        port.reclaim();
        return false;
    }
    packet->pkt_len = packet->data_len = control_frame;
    HeaderTemplate(to, port.mac(), control_type).write(frame_of(packet), 0);
    std::memcpy(frame_of(packet) + ether_header, &message, sizeof message);
    const std::uint64_t deadline = now_cycles() + to_cycles(0.050);
    while (port.send(&packet, 1) == 0) {
        if (now_cycles() < deadline) continue;
        rte_pktmbuf_free(packet);
        return false;
    }
    return true;
}

}  // namespace famez::pingpong
