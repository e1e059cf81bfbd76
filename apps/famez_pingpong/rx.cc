// SPDX-License-Identifier: BSD-3-Clause
#include "clock.h"
#include "fabric_port.h"
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
    explicit Taker(Receiver& receiver) : receiver_(receiver), tally_(receiver.tally()) {}

    template <class Inbox>
    [[gnu::always_inline]] bool take(Inbox& inbox, bool busy) {
        std::uint64_t bytes = 0;
        std::uint64_t messages = 0;
        inbox.each([] {},
                   [&](const auto& frame) __attribute__((always_inline)) {
                       if (look_at(frame)) [[likely]] {
                           bytes += size_of(frame);
                           ++messages;
                           return true;
                       }
                       // It may end the stream: what came before belongs to it.
                       if (messages != 0 || busy) tally_.end_cycles = now_cycles();
                       tally_.bytes += bytes;
                       tally_.messages += messages;
                       bytes = messages = 0;
                       receiver_.on_other(frame);
                       return true;
                   });
        inbox.free();
        tally_.bytes += bytes;
        tally_.messages += messages;
        return true;
    }

  private:
    // True for a data message, looked at as wanted. The length alone tells a control frame apart
    // from all others but data of the same length, so that nothing touches no frame at all.
    template <class Frame>
    bool look_at(const Frame& frame) {
        if constexpr (look == Look::nothing) {
            return size_of(frame) != control_frame || is_type(frame, data_type);
        }
        if (!is_type(frame, data_type)) [[unlikely]]
            return false;
        if constexpr (look == Look::all_bytes) sum_.add(frame);
        if constexpr (look == Look::verify) receiver_.verify(frame);
        return true;
    }

    Receiver& receiver_;
    Tally& tally_;
    TouchSum sum_;
};

template <Look look, class AnyPort>
void receive(const Bench& bench, AnyPort& port, Receiver& receiver) {
    Taker<look> taker(receiver);
    serve(port, receiver, static_cast<std::uint16_t>(bench.options.burst), taker);
}

}  // namespace

template <class AnyPort>
bool run_rx(const Bench& bench, AnyPort& port) {
    Receiver receiver(bench.options, bench.port, bench.link, bench.reporter);
    if (bench.options.verify) {
        receive<Look::verify>(bench, port, receiver);
    } else if (bench.options.touch == Touch::all) {
        receive<Look::all_bytes>(bench, port, receiver);
    } else if (bench.options.touch == Touch::first) {
        receive<Look::first_line>(bench, port, receiver);
    } else {
        receive<Look::nothing>(bench, port, receiver);
    }
    receiver.finish();
    return true;
}

template bool run_rx(const Bench& bench, EthdevPort& port);
template bool run_rx(const Bench& bench, FabricPort& port);

}  // namespace famez::pingpong
