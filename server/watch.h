// SPDX-License-Identifier: BSD-3-Clause
//
// Event sources of what lives in the server's loop beside its clients. All of it comes behind the
// clients (see the priorities in Server::watch_listener()), and none of it can end the server: what
// a callback throws is logged.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "event.h"
#include "log.h"

namespace famez {

// A descriptor. Level-triggered.
class IoWatch {
  public:
    // `fd` outlives this. Throws FabricError.
    IoWatch(sd_event* loop, Log& log, int fd, std::function<void()> call);
    IoWatch(const IoWatch&) = delete;
    IoWatch& operator=(const IoWatch&) = delete;

    void enable(bool on);

  private:
    Log& log_;
    std::function<void()> call_;
    EventSource source_;
};

// A timer that fires once when set, and can be set again.
class TimerWatch {
  public:
    // Throws FabricError.
    TimerWatch(sd_event* loop, Log& log, std::function<void()> call);
    TimerWatch(const TimerWatch&) = delete;
    TimerWatch& operator=(const TimerWatch&) = delete;

    void fire_in(std::chrono::nanoseconds delay);
    void stop();

  private:
    Log& log_;
    std::function<void()> call_;
    EventSource source_;
};

}  // namespace famez
