// SPDX-License-Identifier: BSD-3-Clause
#include "rx_interrupt.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>

namespace famez::pingpong {

RxInterrupt::RxInterrupt(std::uint16_t port, std::uint16_t queues) : port_(port), queues_(queues) {
    works_ = start();
}

RxInterrupt::~RxInterrupt() {
    for (std::uint16_t i = 0; i < listening_; ++i)
        rte_eth_dev_rx_intr_ctl_q(port_, i, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_DEL, nullptr);
    if (alarm_ >= 0) ::close(alarm_);  // which takes it out of the epoll set too
}

bool RxInterrupt::give_up(const char* what, int error) {
    reason_ = fmt::format("{}: {}", what, rte_strerror(error));
    return false;
}

bool RxInterrupt::start() {
    // First of all, since ethdev logs an error for the next call where the driver has none.
    const int enabled = rte_eth_dev_rx_intr_enable(port_, 0);
    if (enabled < 0) return give_up("enabling it", -enabled);
    rte_eth_dev_rx_intr_disable(port_, 0);
    while (listening_ < queues_) {
        const int added = rte_eth_dev_rx_intr_ctl_q(port_, listening_, RTE_EPOLL_PER_THREAD,
                                                    RTE_INTR_EVENT_ADD, nullptr);
        if (added < 0) return give_up("waiting for it", -added);
        ++listening_;
    }
    alarm_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (alarm_ < 0) return give_up("a timer", errno);
    alarm_event_.epdata.event = EPOLLIN;
    if (rte_epoll_ctl(RTE_EPOLL_PER_THREAD, EPOLL_CTL_ADD, alarm_, &alarm_event_) < 0) {
        return give_up("a timer in EAL's epoll set", errno);
    }
    return true;
}

// Setting it anew also makes it unreadable until it expires again.
bool RxInterrupt::set_alarm(double seconds) {
    constexpr double longest = 0.999;
    itimerspec time{};
    time.it_value.tv_nsec = std::max(1L, static_cast<long>(std::min(seconds, longest) * 1e9));
    return timerfd_settime(alarm_, 0, &time, nullptr) == 0;
}

// All queues; what came before may ring nobody, so `came` tells of it. A driver that cannot count
// says so (< 0).
bool RxInterrupt::enable(bool& came) const {
    for (std::uint16_t i = 0; i < queues_; ++i) {
        if (rte_eth_dev_rx_intr_enable(port_, i) < 0) return false;
        came |= rte_eth_rx_queue_count(port_, i) > 0;
    }
    return true;
}

bool RxInterrupt::wait(double seconds) {
    bool came = false;
    if (!set_alarm(seconds) || !enable(came)) {
        works_ = false;  // the caller sleeps otherwise from now on
        return false;
    }
    if (!came) {
        std::array<rte_epoll_event, 2> events{};
        // Interruptible: Ctrl-C ends the sleep. Twice the time, should the timer be lost.
        const int count = rte_epoll_wait_interruptible(RTE_EPOLL_PER_THREAD, events.data(),
                                                       static_cast<int>(events.size()),
                                                       static_cast<int>(seconds * 2000) + 1);
        for (int i = 0; i < count; ++i)
            came |= events[static_cast<std::size_t>(i)].fd != alarm_;
    }
    for (std::uint16_t i = 0; i < queues_; ++i)
        rte_eth_dev_rx_intr_disable(port_, i);
    return came;
}

}  // namespace famez::pingpong
