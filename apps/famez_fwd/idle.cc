// SPDX-License-Identifier: BSD-3-Clause
#include "idle.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <rte_cycles.h>
#include <rte_epoll.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>

#include "log.h"

namespace famez::fwd {
namespace {

constexpr double shortest_nap = 50e-6;
constexpr double longest_nap = 1e-3;
// The end of the program, and new routes, are looked for so often at least.
constexpr double longest_sleep = 0.100;

// A driver that cannot count says so (< 0). net_vhost writes an error for each count while nobody
// is connected; who connects rings.
bool has_frames(std::uint16_t port, std::uint16_t queue) {
    rte_eth_link link{};
    const bool down =
        rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_DOWN;
    return !down && rte_eth_rx_queue_count(port, queue) > 0;
}

}  // namespace

Idle::Idle(const std::vector<Stream>& streams, std::uint64_t idle_ticks,
           std::uint64_t ticks_per_second)
    : idle_ticks_(idle_ticks),
      ticks_per_second_(static_cast<double>(ticks_per_second)),
      nap_seconds_(shortest_nap),
      alarm_event_(std::make_unique<rte_epoll_event>()) {
    if (idle_ticks_ == 0) return;
    for (const Stream& stream : streams)
        all_ring_ &= listen(stream);
    alarm_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    alarm_event_->epdata.event = EPOLLIN;
    if (alarm_ < 0 ||
        rte_epoll_ctl(RTE_EPOLL_PER_THREAD, EPOLL_CTL_ADD, alarm_, alarm_event_.get()) < 0) {
        throw std::runtime_error("--idle-us: no timer to sleep by");
    }
}

Idle::~Idle() {
    for (const Bell& bell : bells_) {
        rte_eth_dev_rx_intr_ctl_q(bell.port, bell.queue, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_DEL,
                                  nullptr);
    }
    if (alarm_ >= 0) ::close(alarm_);
}

// Enabling comes first: ethdev logs an error for the other call where a driver has no interrupts.
bool Idle::listen(const Stream& stream) {
    if (rte_eth_dev_rx_intr_enable(stream.port, stream.queue) < 0) {
        note("port {}, queue {} has no receive interrupt: looked at every {:g} us to {:g} us",
             stream.index, stream.queue, shortest_nap * 1e6, longest_nap * 1e6);
        return false;
    }
    rte_eth_dev_rx_intr_disable(stream.port, stream.queue);
    if (rte_eth_dev_rx_intr_ctl_q(stream.port, stream.queue, RTE_EPOLL_PER_THREAD,
                                  RTE_INTR_EVENT_ADD, nullptr) < 0) {
        return false;
    }
    bells_.push_back({stream.port, stream.queue});
    // A driver that cannot count might hide what came before the enabling: no long sleep then.
    return rte_eth_rx_queue_count(stream.port, stream.queue) >= 0;
}

void Idle::rest(std::uint64_t due) {
    const std::uint64_t now = rte_rdtsc();
    if (empty_rounds_ == rounds_between_looks) {
        quiet_since_ = now;
        nap_seconds_ = shortest_nap;
        return;
    }
    if (now - quiet_since_ < idle_ticks_ || due <= now) return;
    const double until_due = static_cast<double>(due - now) / ticks_per_second_;
    // Linux wakes up to so much late.
    if (until_due < shortest_nap) return;
    const double seconds = std::min(longest_sleep, until_due - shortest_nap / 2);
    ++sleeps_;
    if (wait(all_ring_ ? seconds : std::min(seconds, nap_seconds_))) empty_rounds_ = 0;
    nap_seconds_ = std::min(longest_nap, nap_seconds_ * 2);
}

// True if a queue may have something.
bool Idle::wait(double seconds) {
    bool came = false;
    for (const Bell& bell : bells_)
        came |= rte_eth_dev_rx_intr_enable(bell.port, bell.queue) < 0;
    // What came before the enabling may ring nobody.
    for (const Bell& bell : bells_)
        came |= has_frames(bell.port, bell.queue);
    if (!came) came = wait_for_event(seconds);
    for (const Bell& bell : bells_)
        rte_eth_dev_rx_intr_disable(bell.port, bell.queue);
    return came;
}

bool Idle::wait_for_event(double seconds) {
    itimerspec time{};
    time.it_value.tv_nsec = std::max(1L, static_cast<long>(seconds * 1e9));
    timerfd_settime(alarm_, 0, &time, nullptr);
    std::array<rte_epoll_event, max_events> events{};
    // Twice the time, should the timer be lost.
    const int count = rte_epoll_wait_interruptible(RTE_EPOLL_PER_THREAD, events.data(),
                                                   static_cast<int>(events.size()),
                                                   static_cast<int>(seconds * 2000) + 1);
    return std::any_of(events.begin(), events.begin() + std::max(count, 0),
                       [this](const rte_epoll_event& event) { return event.fd != alarm_; });
}

}  // namespace famez::fwd
