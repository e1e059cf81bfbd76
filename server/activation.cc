// SPDX-License-Identifier: BSD-3-Clause
#include "activation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <famez/error.h>

namespace famez {

UniqueFd inherited_listener() {
    // The variables are taken away: they speak of this process, not of those that it may start.
    const int count = sd_listen_fds(1);
    if (count < 0) {
        throw FabricError(fmt::format("socket activation: {}", std::strerror(-count)));
    }
    if (count == 0) return UniqueFd();
    UniqueFd socket(SD_LISTEN_FDS_START);
    if (count > 1) {
        throw FabricError(fmt::format(
            "socket activation: {} sockets were passed, and a server has one: name only one "
            "ListenStream= in the .socket unit",
            count));
    }
    if (sd_is_socket_unix(socket.get(), SOCK_STREAM, 1, nullptr, 0) <= 0) {
        throw FabricError(
            "socket activation: what was passed is no listening UNIX stream socket: the .socket "
            "unit needs ListenStream= with a path, and Accept=no");
    }
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
        throw FabricError(fmt::format("socket activation: {}", std::strerror(errno)));
    }
    return socket;
}

std::string path_of(int socket) {
    sockaddr_un address{};
    socklen_t bytes = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return "?";
    const std::size_t length = bytes - offsetof(sockaddr_un, sun_path);
    std::string path(address.sun_path, std::min(length, sizeof address.sun_path));
    if (path.starts_with('\0')) path[0] = '@';  // an abstract one
    return path.substr(0, path.find('\0'));
}

}  // namespace famez
