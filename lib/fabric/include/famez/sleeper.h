// SPDX-License-Identifier: BSD-3-Clause
//
// A receiver that sleeps until a doorbell rings: rules S1 to S6 of doc/lane-lifecycle.md, the
// receiver's side. The sender's side is Port::wake().
#pragma once

#include <atomic>
#include <cstdint>

#include <famez/counters.h>
#include <famez/port.h>

namespace famez {

// For one lane number of one port: its `sleeping` word and its eventfd.
class Sleeper {
  public:
    // `eventfd`: of the vector that this lane's doorbells ring; non-blocking; outlives this. -1: no
    // doorbells, no sleep.
    Sleeper(Port& port, std::uint32_t lane, int eventfd, RxCounters& counters);
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper();

    [[nodiscard]] bool able() const { return eventfd_ >= 0; }
    [[nodiscard]] int eventfd() const { return eventfd_; }

    // From here on a sender rings the eventfd. If there is something to do already, the eventfd is
    // readable when this returns: the caller goes straight to waiting for it (S5). Receiver's
    // thread.
    template <class Receiver>
    void fall_asleep(Receiver& receiver) {
        drain();  // S4: before the word is set, never behind
        receiver.settle();
        begin();
        // S1: the word is visible before the last look. S3: that covers everything.
        full_fence();
        if (receiver.anything() || !port_.capabilities_known()) ring_self();
    }
    // After the wait, however it ended. Receiver's thread.
    void wake_up();

    // The slow timer (S6), from the control thread once a tick: whoever has slept since the last
    // one looks again, for a hostile port can clear the word or drain the eventfd.
    void tick();

  private:
    void begin();
    void drain();
    void ring_self();

    Port& port_;
    std::uint64_t& word_;
    int eventfd_;
    RxCounters& counters_;
    std::uint64_t generation_;                 // of the last sleep; no two are the same (S2)
    std::atomic<std::uint64_t> asleep_{0};     // generation of this sleep, 0 when awake
    std::uint64_t asleep_at_last_tick_ = 0;    // control thread's
    std::atomic<std::uint64_t> own_rings_{0};  // in the eventfd's count, and no doorbells
};

}  // namespace famez
