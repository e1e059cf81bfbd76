// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <famez/error.h>
#include <famez/eventfd.h>
#include <famez/mail_station.h>

namespace famez {

MailStation::MailStation(Transport& transport, const Mailbox& mailbox)
    : transport_(transport),
      mailbox_(mailbox),
      sender_(mailbox_, [this](std::uint16_t peer,
                               std::uint16_t vector) { return transport_.ring(peer, vector); }),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) {
        throw FabricError(fmt::format("mail cannot be waited for: {}", std::strerror(errno)));
    }
    watch_doorbells();
}

MailStation::~MailStation() {
    mailbox_.clear();
}

bool MailStation::was_refused(std::uint32_t from) const {
    return std::any_of(refused_.begin(), refused_.end(),
                       [from](const Mail& mail) { return mail.from == from; });
}

// Own eventfds come in one by one behind the attachment.
void MailStation::watch_doorbells() {
    const auto eventfds = transport_.eventfds();
    for (; watched_ < eventfds.size() && watched_ <= mailbox_.server_id(); ++watched_) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = watched_;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, eventfds[watched_], &event) != 0) {
            throw FabricError(
                fmt::format("a doorbell cannot be waited for: {}", std::strerror(errno)));
        }
    }
}

// A vector's number is its ringer's id. 0: no more for now. Asked for in one go, as a system call
// is most of what a message costs; a ring that comes meanwhile keeps fd() readable.
std::uint32_t MailStation::next_rung() {
    if (rung_.empty()) {
        std::array<epoll_event, 16> events{};
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
        rung_.push_back(0);
        for (int i = 0; i < count; ++i)
            rung_.push_back(static_cast<std::uint32_t>(events.at(i).data.u64));
    }
    const std::uint32_t vector = rung_.back();
    rung_.pop_back();
    if (vector != 0) drain_eventfd(transport_.eventfds()[vector]);
    return vector;
}

}  // namespace famez
