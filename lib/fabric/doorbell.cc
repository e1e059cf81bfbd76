// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <famez/doorbell.h>
#include <famez/error.h>
#include <famez/eventfd.h>

namespace famez {
namespace {

bool is_at_top(int eventfd) {
    pollfd state{eventfd, POLLOUT, 0};
    return ::poll(&state, 1, 0) == 0;
}

}  // namespace

Doorbell::Doorbell(int eventfd) {
    if (eventfd >= 0) eventfds_.push_back(eventfd);
}

// Edge-triggered: an event is a ring, whatever stands in the count.
Doorbell::Doorbell(std::vector<int> eventfds)
    : eventfds_(std::move(eventfds)), set_(::epoll_create1(EPOLL_CLOEXEC)) {
    bool made = static_cast<bool>(set_);
    for (const int eventfd : eventfds_) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        made = made && ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, eventfd, &event) == 0;
    }
    if (!made) throw FabricError(fmt::format("no set for doorbells: {}", std::strerror(errno)));
}

std::uint64_t Doorbell::drain() {
    if (eventfds_.empty()) return 0;
    if (!set_) return drain_eventfd(eventfds_.front());
    std::uint64_t rung = 0;
    std::array<epoll_event, 16> events{};
    for (;;) {
        const int count = ::epoll_wait(set_.get(), events.data(), events.size(), 0);
        if (count > 0) rung += static_cast<std::uint64_t>(count);
        if (count < static_cast<int>(events.size())) return rung;
    }
}

// Nobody reads the eventfds of a set, so a hostile port that brought a count to its top would have
// silenced that doorbell for ever.
void Doorbell::ring() {
    for (const int eventfd : eventfds_)
        if (set_ && is_at_top(eventfd)) drain_eventfd(eventfd);
    if (!eventfds_.empty()) ring_eventfd(eventfds_.front());
}

}  // namespace famez
