// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "clock.h"
#include "frames.h"
#include "receiver.h"
#include "roles.h"
#include "touch.h"

namespace famez::pingpong {
namespace {

enum class Look { nothing, first_line, all_bytes, verify };

// True for a data message, looked at as wanted. The length alone tells a control frame apart from
// all others but data of the same length, so that nothing touches no frame at all.
template <Look look>
bool take(const rte_mbuf* packet, Receiver& receiver, TouchSum& sum) {
    if constexpr (look == Look::nothing) {
        return packet->pkt_len != control_frame || is_type(packet, data_type);
    }
    if (!is_type(packet, data_type)) [[unlikely]]
        return false;
    if constexpr (look == Look::all_bytes) sum.add(packet);
    if constexpr (look == Look::verify) receiver.verify(packet);
    return true;
}

template <Look look>
void receive(const Port& port, Receiver& receiver, std::uint16_t burst) {
    std::array<rte_mbuf*, 512> packets;
    Tally& tally = receiver.tally();
    TouchSum sum;
    std::uint32_t idle = 0;
    for (;;) {
        const std::uint16_t count = port.receive(packets.data(), burst);
        if (count == 0) {
            if (idle < idle_polls && ++idle == idle_polls) tally.end_cycles = now_cycles();
            if (receiver.spend(0) && !receiver.on_tick()) break;
            continue;
        }
        std::uint64_t bytes = 0;
        std::uint64_t messages = 0;
        for (std::uint16_t i = 0; i < count; ++i) {
            if (take<look>(packets[i], receiver, sum)) [[likely]] {
                bytes += packets[i]->pkt_len;
                ++messages;
                continue;
            }
            // It may end the stream: what came before belongs to it.
            if (messages != 0 || idle < idle_polls) tally.end_cycles = now_cycles();
            tally.bytes += bytes;
            tally.messages += messages;
            bytes = messages = 0;
            receiver.on_other(packets[i]);
        }
        idle = 0;
        free_burst(port.pool(), packets.data(), count);
        tally.bytes += bytes;
        tally.messages += messages;
        if (tally.messages >= receiver.limit() && !receiver.on_limit()) break;
        if (receiver.spend(count) && !receiver.on_tick()) break;
    }
    if (idle < idle_polls) tally.end_cycles = now_cycles();
}

}  // namespace

bool run_rx(const Bench& bench) {
    Receiver receiver(bench.options, bench.port, bench.link, bench.reporter);
    const auto burst = static_cast<std::uint16_t>(bench.options.burst);
    if (bench.options.verify) {
        receive<Look::verify>(bench.port, receiver, burst);
    } else if (bench.options.touch == Touch::all) {
        receive<Look::all_bytes>(bench.port, receiver, burst);
    } else if (bench.options.touch == Touch::first) {
        receive<Look::first_line>(bench.port, receiver, burst);
    } else {
        receive<Look::nothing>(bench.port, receiver, burst);
    }
    receiver.finish();
    return true;
}

}  // namespace famez::pingpong
