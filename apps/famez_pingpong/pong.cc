// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "clock.h"
#include "fabric_port.h"
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
template <class Answers>
[[gnu::always_inline]] inline bool send_back(Receiver& receiver, Answers& answers) {
    while (!answers.send()) {
        if (!receiver.spend(0)) continue;
        const bool go_on = receiver.on_tick();
        if (!go_on || !receiver.link().is_up()) {
            receiver.count_dropped(answers.drop());
            return go_on;
        }
    }
    return true;
}

template <class AnyPort, bool with_verify>
class Answerer {
  public:
    Answerer(AnyPort& port, Receiver& receiver)
        : port_(port), receiver_(receiver), tally_(receiver.tally()), turner_(port.mac()) {}

    [[gnu::always_inline]] bool take(typename AnyPort::Inbox& inbox, bool busy) {
        typename AnyPort::Answers answers(port_, inbox);
        std::uint64_t bytes = 0;
        std::uint64_t messages = 0;
        inbox.each([] {},
                   [&](const auto& frame) __attribute__((always_inline)) {
                       if (is_type(frame, data_type)) [[likely]] {
                           if (!answers.add(frame, turner_)) return false;
                           if constexpr (with_verify) receiver_.verify(frame);
                           bytes += size_of(frame);
                           ++messages;
                           return true;
                       }
                       // It may end the stream: what came before belongs to it.
                       if (messages != 0 || busy) tally_.end_cycles = now_cycles();
                       tally_.bytes += bytes;
                       tally_.messages += messages;
                       bytes = messages = 0;
                       answers.pause();
                       receiver_.on_other(frame);
                       inbox.free(frame);
                       return true;
                   });
        tally_.bytes += bytes;
        tally_.messages += messages;
        receiver_.count_dropped(answers.dropped());
        return answers.count() == 0 || send_back(receiver_, answers);
    }

  private:
    AnyPort& port_;
    Receiver& receiver_;
    Tally& tally_;
    const Turner turner_;
};

template <bool with_verify, class AnyPort>
void answer(const Bench& bench, AnyPort& port, Receiver& receiver) {
    Answerer<AnyPort, with_verify> answerer(port, receiver);
    serve(port, receiver, static_cast<std::uint16_t>(bench.options.burst), answerer);
}

}  // namespace

template <class AnyPort>
bool run_pong(const Bench& bench, AnyPort& port) {
    Receiver receiver(bench.options, bench.port, bench.link, bench.reporter);
    bench.options.verify ? answer<true>(bench, port, receiver)
                         : answer<false>(bench, port, receiver);
    receiver.finish();
    return true;
}

template bool run_pong(const Bench& bench, EthdevPort& port);
template bool run_pong(const Bench& bench, FabricPort& port);

}  // namespace famez::pingpong
