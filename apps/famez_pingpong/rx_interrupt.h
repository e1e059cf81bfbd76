// SPDX-License-Identifier: BSD-3-Clause
// The receive interrupt of a port's queue 0, by the public ethdev API alone.
#pragma once

#include <cstdint>
#include <string>

#include <rte_epoll.h>

namespace famez::pingpong {

// Belongs to the thread that makes it: EAL keeps one epoll set a thread.
class RxInterrupt {
  public:
    explicit RxInterrupt(std::uint16_t port);
    ~RxInterrupt();
    RxInterrupt(const RxInterrupt&) = delete;
    RxInterrupt& operator=(const RxInterrupt&) = delete;

    [[nodiscard]] bool works() const { return works_; }
    // Why it does not.
    [[nodiscard]] const std::string& reason() const { return reason_; }

    // Waits up to so long for a message; false when none came. May end early without one.
    bool wait(double seconds);

  private:
    bool start();
    bool give_up(const char* what, int error);
    bool set_alarm(double seconds);

    std::uint16_t port_;
    // EAL waits in whole milliseconds; the next message to be sent may be due sooner.
    int alarm_ = -1;
    rte_epoll_event alarm_event_{};
    bool listening_ = false;
    bool works_ = false;
    std::string reason_;
};

}  // namespace famez::pingpong
