// SPDX-License-Identifier: BSD-3-Clause
#include "sleeper.h"

#include <algorithm>
#include <ctime>

#include "clock.h"
#include "log.h"

namespace famez::pingpong {
namespace {

// So long before its time a sleep ends: Linux wakes up to 50 us late, and then a CPU must wake too.
constexpr double early_seconds = 60e-6;
// Ctrl-C, the deadline, the link and progress are looked at so often at least.
constexpr double longest_seconds = 0.100;
// The sleep of a receiver that nobody can wake: short for the messages, long for the CPU.
constexpr double nap_seconds = 50e-6;

// How long to sleep if something is due then; 0 if it is too near.
double sleepable_seconds(std::uint64_t now, std::uint64_t until) {
    if (until <= now) return 0.0;
    const double seconds = std::min(to_seconds(until - now) - early_seconds, longest_seconds);
    return seconds < early_seconds ? 0.0 : seconds;
}

void nap(double seconds) {
    const timespec time{0, static_cast<long>(seconds * 1e9)};
    // A signal may end it: the caller's tick looks.
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

}  // namespace

bool sleep_towards(std::uint64_t cycles) {
    const double seconds = sleepable_seconds(now_cycles(), cycles);
    if (seconds == 0.0) return false;
    nap(seconds);
    return true;
}

Sleeper::Sleeper(Port& port, double idle_us)
    : interrupt_(port.make_interrupt()),
      idle_cycles_(to_cycles(idle_us * 1e-6)),
      quiet_since_(now_cycles()) {
    if (interrupt_->works()) return;
    note("port {} has no receive interrupt ({}): --idle-us sleeps {:g} us at a time instead",
         port.id(), interrupt_->reason(), nap_seconds * 1e6);
}

void Sleeper::rest(std::uint64_t messages, std::uint64_t until) {
    const std::uint64_t now = now_cycles();
    if (messages != seen_messages_) {
        seen_messages_ = messages;
        quiet_since_ = now;
        return;
    }
    if (now - quiet_since_ < idle_cycles_) return;
    const double seconds = sleepable_seconds(now, until);
    if (seconds == 0.0) return;
    ++sleeps_;
    if (!interrupt_->works()) {
        nap(std::min(seconds, nap_seconds));
    } else if (interrupt_->wait(seconds)) {
        // After a message it spins again; after the time alone it sleeps again at once.
        quiet_since_ = now_cycles();
    }
}

}  // namespace famez::pingpong
