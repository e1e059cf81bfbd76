// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "clock.h"
#include "frames.h"
#include "receiver.h"
#include "roles.h"
#include "serve.h"

namespace famez::pingpong {
namespace {

// Back to where it came from. Not a plain swap: a broadcast address must not become a source.
class Turner {
  public:
    explicit Turner(const MacAddress& own) {
        std::array<std::uint8_t, 8> bytes{};
        std::memcpy(bytes.data(), own.data(), own.size());
        const auto all = load<std::uint64_t>(bytes.data());
        first_two_ = all << 48;
        last_four_ = static_cast<std::uint32_t>(all >> 16);
    }

    // In two loads and two stores of fixed size; the type at offset 12 stays.
    void turn(std::uint8_t* frame) const {
        constexpr std::uint64_t address_mask = (std::uint64_t{1} << 48) - 1;
        const auto source = load<std::uint64_t>(frame + 6) & address_mask;
        store(frame, source | first_two_);
        store(frame + 8, last_four_);
    }

  private:
    std::uint64_t first_two_;
    std::uint32_t last_four_;
};

// Answers are never dropped while the other end is there to take them.
bool send_back(const Port& port, Receiver& receiver, rte_mbuf** packets, std::uint16_t count) {
    std::uint16_t sent = port.send(packets, count);
    while (sent < count) {
        if (receiver.spend(0)) {
            const bool go_on = receiver.on_tick();
            if (!go_on || !receiver.link().is_up()) {
                receiver.count_dropped(count - sent);
                rte_pktmbuf_free_bulk(packets + sent, count - sent);
                return go_on;
            }
        }
        sent = static_cast<std::uint16_t>(sent + port.send(packets + sent, count - sent));
    }
    return true;
}

template <bool with_verify>
class Answerer {
  public:
    Answerer(const Port& port, Receiver& receiver)
        : port_(port), receiver_(receiver), tally_(receiver.tally()), turner_(port.mac()) {}

    bool take(rte_mbuf** packets, std::uint16_t count, bool busy) {
        std::uint16_t answers = 0;
        for (std::uint16_t i = 0; i < count; ++i) {
            rte_mbuf* const packet = packets[i];
            if (is_type(packet, data_type)) [[likely]] {
                if constexpr (with_verify) receiver_.verify(packet);
                turner_.turn(frame_of(packet));
                tally_.bytes += packet->pkt_len;
                ++tally_.messages;
                packets[answers++] = packet;
            } else {
                if (answers != 0 || busy) tally_.end_cycles = now_cycles();
                receiver_.on_other(packet);
                rte_pktmbuf_free(packet);
            }
        }
        return answers == 0 || send_back(port_, receiver_, packets, answers);
    }

  private:
    const Port& port_;
    Receiver& receiver_;
    Tally& tally_;
    const Turner turner_;
};

template <bool with_verify>
void answer(const Bench& bench, Receiver& receiver) {
    Answerer<with_verify> answerer(bench.port, receiver);
    serve(bench.port, receiver, static_cast<std::uint16_t>(bench.options.burst), answerer);
}

}  // namespace

bool run_pong(const Bench& bench) {
    Receiver receiver(bench.options, bench.port, bench.link, bench.reporter);
    bench.options.verify ? answer<true>(bench, receiver) : answer<false>(bench, receiver);
    receiver.finish();
    return true;
}

}  // namespace famez::pingpong
