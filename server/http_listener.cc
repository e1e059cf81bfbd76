// SPDX-License-Identifier: BSD-3-Clause
#include "http_listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <famez/error.h>

namespace famez {
namespace {

constexpr int backlog = 64;

struct FreeAddresses {
    void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

[[noreturn]] void fail(const RestAddress& address, const char* why) {
    throw FabricError(fmt::format("HTTP cannot be served at {}: {}; choose another --rest",  //
                                  to_string(address), why));
}

Addresses resolve(const RestAddress& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int result =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (result != 0) fail(address, ::gai_strerror(result));
    return Addresses(found);
}

std::uint16_t port_of(int socket) {
    sockaddr_storage name{};
    socklen_t bytes = sizeof name;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &bytes) != 0) return 0;
    // sin_port and sin6_port are at the same place.
    return ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);
}

}  // namespace

HttpListener HttpListener::open(const RestAddress& address) {
    const Addresses addresses = resolve(address);
    const addrinfo& first = *addresses;
    UniqueFd socket(::socket(first.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) fail(address, std::strerror(errno));
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), first.ai_addr, first.ai_addrlen) != 0 ||
        ::listen(socket.get(), backlog) != 0) {
        fail(address, std::strerror(errno));
    }
    RestAddress actual = address;
    actual.port = port_of(socket.get());
    return {std::move(socket), actual, first.ai_family == AF_INET6};
}

}  // namespace famez
