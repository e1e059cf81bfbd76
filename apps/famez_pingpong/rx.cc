// SPDX-License-Identifier: BSD-3-Clause
#include "clock.h"
#include "frames.h"
#include "receiver.h"
#include "roles.h"
#include "serve.h"
#include "touch.h"

namespace famez::pingpong {
namespace {

enum class Look { nothing, first_line, all_bytes, verify };

template <Look look>
class Taker {
  public:
    Taker(const Port& port, Receiver& receiver)
        : pool_(port.pool()), receiver_(receiver), tally_(receiver.tally()) {}

    bool take(rte_mbuf** packets, std::uint16_t count, bool busy) {
        std::uint64_t bytes = 0;
        std::uint64_t messages = 0;
        for (std::uint16_t i = 0; i < count; ++i) {
            if (look_at(packets[i])) [[likely]] {
                bytes += packets[i]->pkt_len;
                ++messages;
                continue;
            }
            // It may end the stream: what came before belongs to it.
            if (messages != 0 || busy) tally_.end_cycles = now_cycles();
            tally_.bytes += bytes;
            tally_.messages += messages;
            bytes = messages = 0;
            receiver_.on_other(packets[i]);
        }
        free_burst(pool_, packets, count);
        tally_.bytes += bytes;
        tally_.messages += messages;
        return true;
    }

  private:
    // True for a data message, looked at as wanted. The length alone tells a control frame apart
    // from all others but data of the same length, so that nothing touches no frame at all.
    bool look_at(const rte_mbuf* packet) {
        if constexpr (look == Look::nothing) {
            return packet->pkt_len != control_frame || is_type(packet, data_type);
        }
        if (!is_type(packet, data_type)) [[unlikely]]
            return false;
        if constexpr (look == Look::all_bytes) sum_.add(packet);
        if constexpr (look == Look::verify) receiver_.verify(packet);
        return true;
    }

    rte_mempool* pool_;
    Receiver& receiver_;
    Tally& tally_;
    TouchSum sum_;
};

template <Look look>
void receive(const Bench& bench, Receiver& receiver) {
    Taker<look> taker(bench.port, receiver);
    serve(bench.port, receiver, static_cast<std::uint16_t>(bench.options.burst), taker);
}

}  // namespace

bool run_rx(const Bench& bench) {
    Receiver receiver(bench.options, bench.port, bench.link, bench.reporter);
    if (bench.options.verify) {
        receive<Look::verify>(bench, receiver);
    } else if (bench.options.touch == Touch::all) {
        receive<Look::all_bytes>(bench, receiver);
    } else if (bench.options.touch == Touch::first) {
        receive<Look::first_line>(bench, receiver);
    } else {
        receive<Look::nothing>(bench, receiver);
    }
    receiver.finish();
    return true;
}

}  // namespace famez::pingpong
