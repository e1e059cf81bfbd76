// SPDX-License-Identifier: BSD-3-Clause
//
// A receiver that sleeps until a doorbell rings: rules S1 to S6 of doc/lane-lifecycle.md, the
// receiver's side. The sender's side is Port::wake().
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include <famez/counters.h>
#include <famez/doorbell.h>
#include <famez/port.h>

namespace famez {

// A lane number, and the vector that its senders are to ring.
struct SleepLane {
    std::uint32_t lane;
    std::uint16_t vector;
};

// For the lane numbers of one port that one thread polls: their `sleeping` words and what it waits
// on.
class Sleeper {
  public:
    // `doorbell`: of the lanes' vectors; its eventfds outlive this. Without any there is no sleep.
    Sleeper(Port& port, std::span<const SleepLane> lanes, Doorbell doorbell, RxCounters& counters);
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper();

    [[nodiscard]] bool able() const { return doorbell_.able(); }
    // Doorbell::fd().
    [[nodiscard]] int fd() const { return doorbell_.fd(); }

    // From here on a sender rings the doorbell. If there is something to do already, the doorbell
    // has rung when this returns: the caller goes straight to waiting for it (S5). `receiver` is
    // the Receiver, or ReceiverSet, of all these lanes. Receiver's thread.
    template <class Receiver>
    void fall_asleep(Receiver& receiver) {
        drain();  // S4: before the words are set, never behind
        receiver.settle();
        begin();
        // S1: the words are visible before the last look. S3: that covers everything.
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
    struct Line {
        layout::SleepLine* shared;
        std::uint64_t vector;
    };
    std::vector<Line> lines_;
    Doorbell doorbell_;
    RxCounters& counters_;
    std::atomic<std::uint64_t> asleep_{0};     // generation of this sleep, 0 when awake
    std::uint64_t asleep_at_last_tick_ = 0;    // control thread's
    std::atomic<std::uint64_t> own_rings_{0};  // of the rings, those that are no doorbells
};

}  // namespace famez
