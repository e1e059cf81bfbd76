// SPDX-License-Identifier: BSD-3-Clause
// UNIX sockets that keep messages apart, blocking: what every program can have without a library.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "contest.h"

namespace famez::rivals {
namespace {

class Seqpacket {
  public:
    explicit Seqpacket(const Options& options) : out_(options.size), in_(options.size) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = options.directory + "/seqpacket";
        if (path.size() >= sizeof address.sun_path) throw RivalError(path + ": too long");
        std::memcpy(address.sun_path, path.data(), path.size());
        socket_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (socket_ < 0) fail_with_errno("socket");
        const auto* const name = reinterpret_cast<const sockaddr*>(&address);
        if (options.end() == 0) {
            if (bind(socket_, name, sizeof address) != 0 || listen(socket_, 1) != 0) {
                fail_with_errno(path);
            }
            exchange(options, "here", 4);
            socket_ = accept(socket_, nullptr, nullptr);
        } else {
            exchange(options, "here", 4);
            if (connect(socket_, name, sizeof address) != 0) fail_with_errno(path);
        }
        if (socket_ < 0) fail_with_errno(path);
        make_room(options.size);
    }

    template <class Fill>
    void send(std::uint32_t size, Fill&& fill) {
        fill(out_.data());
        send_back(out_.data(), size);
    }

    void send_back(const std::uint8_t* data, std::uint32_t size) {
        if (::send(socket_, data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) {
            fail_with_errno("send");
        }
    }

    void flush() {}

    template <class Visit>
    std::uint32_t receive(Visit&& visit) {
        const ssize_t size = recv(socket_, in_.data(), in_.size(), 0);
        if (size < 0) fail_with_errno("recv");
        if (size == 0) throw RivalError("the other end is gone");
        visit(in_.data(), static_cast<std::uint32_t>(size));
        return 1;
    }

  private:
    // A message must fit in the socket's buffer, and two if they are to overlap; beyond
    // net.core.wmem_max only root may.
    void make_room(std::uint32_t size) {
        const int wanted = static_cast<int>(std::max<std::uint32_t>(4 * size, 1 << 18));
        if (setsockopt(socket_, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) == 0) return;
        setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
        int have = 0;
        socklen_t length = sizeof have;
        getsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &have, &length);
        if (have / 2 < static_cast<int>(size)) {
            throw RivalError("messages of this size need root, or a larger net.core.wmem_max");
        }
    }

    int socket_ = -1;
    std::vector<std::uint8_t> out_;
    std::vector<std::uint8_t> in_;
};

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    return famez::rivals::contest_main<famez::rivals::Seqpacket>("rival_seqpacket",
                                                                 "UNIX seqpacket", argc, argv);
}
