// SPDX-License-Identifier: BSD-3-Clause
// --idle-us: spin so long without a message, then sleep until one comes.
#pragma once

#include <cstdint>
#include <memory>

#include "interrupt.h"
#include "port.h"

namespace famez::pingpong {

struct Sleeps {
    std::uint64_t sleeps;  // for messages
    std::uint64_t pauses;  // until the next message was due
    bool by_interrupt;
};

// Sleeps until then, less what the kernel may oversleep; at once when that is too near, and never
// so long that Ctrl-C would seem dead. Says whether it slept.
bool sleep_towards(std::uint64_t cycles);

class Sleeper {
  public:
    // Called by the thread that will poll. A port without interrupts is told of in a note.
    Sleeper(Port& port, double idle_us);

    // For ticks that follow an empty poll. Sleeps if no message has come for long enough: until one
    // comes, but neither past `until` nor longer than 100 ms.
    void rest(std::uint64_t messages, std::uint64_t until);

    [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }
    [[nodiscard]] bool by_interrupt() const { return interrupt_->works(); }

  private:
    std::unique_ptr<Interrupt> interrupt_;
    std::uint64_t idle_cycles_;
    std::uint64_t seen_messages_ = 0;
    std::uint64_t quiet_since_;
    std::uint64_t sleeps_ = 0;
};

}  // namespace famez::pingpong
