// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>
#include <thread>
#include <utility>

#include <famez/error.h>
#include <famez/eventfd.h>
#include <famez/ivshmem_client.h>

namespace famez {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t protocol_version = 0;
constexpr std::int64_t region_message = -1;
constexpr std::int64_t id_max = std::numeric_limits<std::uint16_t>::max();
// More than any server of ours or QEMU's has; bounds what a mad one can make us hold.
constexpr std::size_t vectors_max = 4096 + 64;
// The kernel passes no more at once (SCM_MAX_FD), so control data is cut short only when this
// process cannot have the descriptors.
constexpr std::size_t descriptors_per_message = 253;
constexpr int reads_per_service = 65536;

int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

bool connect_once(int socket, const sockaddr_un& address) {
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string cannot_connect(int error) {
    switch (error) {
        case ENOENT:
        case ECONNREFUSED:
            return "no server is there; start one with famez_server --socketpath";
        case EACCES:
            return "this user may not connect; see famez_server --socket-mode and --socket-group";
        case EAGAIN:
            return "the server does not accept clients in time";
        case EPROTOTYPE:
            return "this is no stream socket, so no ivshmem server's";
        default:
            return std::strerror(error);
    }
}

}  // namespace

IvshmemClient IvshmemClient::connect(const std::string& path, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    IvshmemClient client;
    client.open(path, deadline);
    client.greet(deadline);
    if (client.stage_ != Stage::attached) {
        throw FabricError(fmt::format("socket {}: {}", path, client.reason_));
    }
    client.service();
    return client;
}

void IvshmemClient::open(const std::string& path, Clock::time_point deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw FabricError(fmt::format("socket {}: the path must have 1 to {} bytes", path,
                                      sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) throw FabricError(fmt::format("socket {}: {}", path, std::strerror(errno)));
    while (!connect_once(socket_.get(), address)) {
        // EAGAIN: the server's backlog is full; there is nothing to be polled for that.
        if ((errno != EAGAIN && errno != EINTR) || remaining_ms(deadline) == 0) {
            throw FabricError(fmt::format("socket {}: {}", path, cannot_connect(errno)));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void IvshmemClient::greet(Clock::time_point deadline) {
    while (stage_ != Stage::attached) {
        const int left = remaining_ms(deadline);
        if (left == 0) return end("the server does not finish its greeting in time");
        const Received received = receive();
        if (received == Received::ended) return;
        if (received == Received::something) continue;
        pollfd readable{socket_.get(), POLLIN, 0};
        ::poll(&readable, 1, left);
    }
}

bool IvshmemClient::service() {
    // Bounded, so that a server that never stops talking cannot hold our caller.
    for (int i = 0; i < reads_per_service; ++i) {
        const Received received = receive();
        if (received != Received::something) return received == Received::nothing;
    }
    return true;
}

// Reads at most what the message under way still lacks. So a descriptor that comes along belongs to
// this message, however the stream is cut up: a read that went on into the next one could not tell.
IvshmemClient::Received IvshmemClient::receive() {
    if (!socket_) return Received::ended;
    iovec part{bytes_.data() + filled_, bytes_.size() - filled_};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_per_message * sizeof(int))> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t bytes = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (bytes < 0) {
        if (errno == EAGAIN || errno == EINTR) return Received::nothing;
        end(fmt::format("the connection to the server broke: {}", std::strerror(errno)));
        return Received::ended;
    }
    if (!own_descriptors(message)) return Received::ended;
    if (bytes == 0) {
        end(stage_ == Stage::version ? "the server closed at once: all of its ports are taken"
                                     : "the server has gone");
        return Received::ended;
    }
    filled_ += static_cast<std::size_t>(bytes);
    if (filled_ < bytes_.size()) return Received::something;
    filled_ = 0;
    static_assert(std::endian::native == std::endian::little, "the protocol is little-endian");
    handle(std::bit_cast<std::int64_t>(bytes_));
    return socket_ ? Received::something : Received::ended;
}

// Takes charge of every descriptor that came before anything is judged.
bool IvshmemClient::own_descriptors(const msghdr& message) {
    auto& header = const_cast<msghdr&>(message);
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            descriptors_.emplace_back(fd);
        }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        // Which ones are missing cannot be known, so nothing that follows can be trusted.
        end("descriptors sent by the server were lost: this process may not have more; raise its "
            "limit (ulimit -n) or use a server with fewer --vectors");
        return false;
    }
    if (descriptors_.size() > descriptors_per_message) {
        end("the server breaks the protocol: descriptors without messages");
        return false;
    }
    return true;
}

void IvshmemClient::handle(std::int64_t value) {
    if (stage_ == Stage::version) {
        if (!descriptors_.empty())
            return end("the server breaks the protocol: its version has a descriptor");
        if (value != protocol_version) {
            return end(fmt::format("the server speaks version {} of the protocol, not {}", value,
                                   protocol_version));
        }
        stage_ = Stage::id;
        return;
    }
    if (value == region_message) return handle_region();
    if (value < 0 || value > id_max) {
        return end(fmt::format("the server breaks the protocol: {} is no port", value));
    }
    if (stage_ == Stage::id) {
        if (!descriptors_.empty())
            return end("the server breaks the protocol: our id has a descriptor");
        id_ = static_cast<std::uint16_t>(value);
        stage_ = Stage::region;
        return;
    }
    if (stage_ == Stage::region)
        return end("the server breaks the protocol: no region after our id");
    handle_port(static_cast<std::uint16_t>(value));
}

void IvshmemClient::handle_region() {
    if (stage_ != Stage::region) {
        return end("the server breaks the protocol: the region out of turn");
    }
    if (descriptors_.empty()) {
        return end("the server breaks the protocol: the region without a descriptor");
    }
    region_ = std::move(descriptors_.front());
    descriptors_.pop_front();
    stage_ = Stage::peers;
}

void IvshmemClient::handle_port(std::uint16_t port) {
    if (descriptors_.empty()) {
        if (port == id_) return end("the server breaks the protocol: it took our own id back");
        retire(port);  // it left; one that we never knew matters as little
        return;
    }
    const std::lock_guard lock(*others_);
    std::vector<UniqueFd>& eventfds = port == id_ ? own_ : peers_[port];
    if (eventfds.size() >= vectors_max) {
        return end(
            fmt::format("the server breaks the protocol: port {} has no end of eventfds", port));
    }
    if (eventfds.empty()) bells_[port].store(descriptors_.front().get() + 1);
    eventfds.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
    if (port == id_) stage_ = Stage::attached;
}

void IvshmemClient::retire(std::uint16_t port) {
    const std::lock_guard lock(*others_);
    const auto found = peers_.find(port);
    if (found == peers_.end()) return;
    bells_[port].store(0);
    std::move(found->second.begin(), found->second.end(), std::back_inserter(retired_));
    peers_.erase(found);
}

// The descriptor of a vector, or -1.
int IvshmemClient::bell(std::uint16_t peer, std::uint16_t vector) const {
    if (vector == 0) return bells_[peer].load() - 1;
    const std::lock_guard lock(*others_);
    const auto found = peers_.find(peer);
    const auto* eventfds = peer == id_ ? &own_ : nullptr;
    if (found != peers_.end()) eventfds = &found->second;
    if (eventfds == nullptr || vector >= eventfds->size()) return -1;
    return (*eventfds)[vector].get();
}

bool IvshmemClient::ring(std::uint16_t peer, std::uint16_t vector) const {
    const int fd = bell(peer, vector);
    if (fd < 0) return false;
    ring_eventfd(fd);
    return true;
}

void IvshmemClient::end(std::string reason) {
    reason_ = std::move(reason);
    socket_.reset();
    descriptors_.clear();
}

}  // namespace famez
