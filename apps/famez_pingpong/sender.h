// SPDX-License-Identifier: BSD-3-Clause
// A sender's side of the conversation around a stream: hello, end, and what comes between.
#pragma once

#include <cstdint>
#include <optional>

#include "control.h"
#include "frames.h"
#include "link_watch.h"
#include "options.h"
#include "port.h"

namespace famez::pingpong {

class Sender {
  public:
    Sender(const Options& options, Port& port, LinkWatch& link);

    // Says hello until the other end answers; with --wait 0 it says it once. False when nobody does
    // (it has complained then) or Ctrl-C comes.
    bool begin(std::uint32_t run);

    // Whom data is for: as told, or who has answered.
    [[nodiscard]] const MacAddress& destination() const { return destination_; }

    // Says where the stream goes on: to a partner that may be a new one.
    void resume(std::uint64_t next_sequence);

    // Reads what came in, for a sender that is not a receiver, and answers questions.
    void poll(std::uint64_t next_sequence);

    // One frame that is not data; it stays the caller's.
    template <class Frame>
    [[gnu::noinline, gnu::cold]] void on_other(const Frame& frame, std::uint64_t next_sequence) {
        if (const auto received = parse_control(frame)) on_control(*received, next_sequence);
    }

    // Says that this was all (of the whole program, if `last`) until the other end confirms, with
    // its totals; nothing if it does not.
    std::optional<ControlMessage> end(std::uint64_t messages, std::uint64_t next_sequence,
                                      bool last);

  private:
    void on_control(const ReceivedControl& received, std::uint64_t next_sequence);
    bool say(Control kind, std::uint64_t next_sequence);
    void complain_of_nobody() const;
    bool wait_for(Control kind, double seconds);
    [[nodiscard]] bool is_answer(const ReceivedControl& received) const;

    const Options& options_;
    Port& port_;
    LinkWatch& link_;
    MacAddress destination_;
    ControlMessage about_;  // what every frame of this run says
    std::optional<ControlMessage> answer_;
    bool wrong_role_told_ = false;
};

}  // namespace famez::pingpong
