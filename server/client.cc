// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace famez {
namespace {

// One message a sendmsg: readers take 8 bytes at a time and a descriptor belongs to the 8 bytes
// that it came with.
ssize_t send_message(int socket, std::int64_t value, int fd) {
    static_assert(std::endian::native == std::endian::little, "the protocol is little-endian");
    iovec part{&value, sizeof value};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Client::Flushed failed_with(int error) {
    switch (error) {
        case EAGAIN:
            return Client::Flushed::blocked;
        // The descriptors that one user may have under way in sockets are limited over all of its
        // sockets (unix(7), ETOOMANYREFS). Others' clients that do not read can exhaust that, so it
        // must not cost this client its connection; and the socket polls as writable meanwhile.
        case ETOOMANYREFS:
        case ENOBUFS:
        case ENOMEM:
            return Client::Flushed::starved;
        default:
            return Client::Flushed::broken;
    }
}

}  // namespace

bool Client::push(std::int64_t value, SharedFds fds) {
    if (queue_.size() >= limit_) return false;
    if (fds == nullptr || !fds->empty()) queue_.push_back({value, std::move(fds)});
    return true;
}

bool Client::forget(std::int64_t value) {
    const auto begin = queue_.begin() + (next_fd_ > 0 ? 1 : 0);
    const auto found = std::find_if(begin, queue_.end(), [value](const Entry& entry) {
        return entry.value == value && entry.fds != nullptr;
    });
    if (found == queue_.end()) return false;
    queue_.erase(found);
    return true;
}

Client::Flushed Client::flush() {
    for (int sent = 0; !queue_.empty(); ++sent) {
        if (sent == messages_per_flush) return Flushed::blocked;
        const Entry& entry = queue_.front();
        const int fd = entry.fds != nullptr ? (*entry.fds)[next_fd_].get() : -1;
        const ssize_t bytes = send_message(socket_.get(), entry.value, fd);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return failed_with(errno);
        // Eight bytes are one buffer in the kernel: they go whole or not at all.
        if (bytes != sizeof entry.value) return Flushed::broken;
        if (entry.fds != nullptr && ++next_fd_ < entry.fds->size()) continue;
        queue_.pop_front();
        next_fd_ = 0;
    }
    return Flushed::all;
}

}  // namespace famez
