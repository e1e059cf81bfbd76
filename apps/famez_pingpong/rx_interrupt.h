// SPDX-License-Identifier: BSD-3-Clause
// The receive interrupts of a port's queues, by the public ethdev API alone.
#pragma once

#include <cstdint>
#include <string>

#include <rte_epoll.h>

#include "interrupt.h"

namespace famez::pingpong {

// Belongs to the thread that makes it: EAL keeps one epoll set a thread.
class RxInterrupt final : public Interrupt {
  public:
    RxInterrupt(std::uint16_t port, std::uint16_t queues);
    ~RxInterrupt() override;

    [[nodiscard]] bool works() const override { return works_; }
    [[nodiscard]] const std::string& reason() const override { return reason_; }
    bool wait(double seconds) override;

  private:
    bool start();
    bool give_up(const char* what, int error);
    bool set_alarm(double seconds);
    bool enable(bool& came) const;

    std::uint16_t port_;
    std::uint16_t queues_;
    // EAL waits in whole milliseconds; the next message to be sent may be due sooner.
    int alarm_ = -1;
    rte_epoll_event alarm_event_{};
    std::uint16_t listening_ = 0;  // to so many queues
    bool works_ = false;
    std::string reason_;
};

}  // namespace famez::pingpong
