// SPDX-License-Identifier: BSD-3-Clause
//
// Ports that are up and have nothing to say: what a busy pair has to poll around. Usage:
// famez_crowd SOCKET PORTS [ID...]. Each opens a lane to each of these ids as soon as there is
// somebody, for a receiver polls open lanes. Prints a line when all are up, and ends with its
// standard input.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <vector>

#include <famez/endpoint.h>
#include <famez/socket_transport.h>

namespace famez {
namespace {

constexpr int round_ms = Port::tick_ms;

struct Member {
    explicit Member(const char* socket)
        : transport({.socket_path = socket}), endpoint(transport, {}, 0, tx, rx) {
        endpoint.port().set_state(layout::PortState::up);
    }
    // What was broadcast to it is taken, so that its lanes are not full.
    void turn(const std::vector<std::uint32_t>& others) {
        const auto ignore = [](const std::byte*, std::uint32_t, std::uint32_t) { return true; };
        for (int i = 0; i < 4; ++i)
            endpoint.receiver().poll(32, ignore);
        for (const std::uint32_t id : others) {
            if (!endpoint.sender().to(id).ready()) endpoint.sender().service(id);
        }
        endpoint.tick();
    }

    TxCounters tx;
    RxCounters rx;
    SocketTransport transport;
    Endpoint<WriteBack> endpoint;
};

int run(const char* socket, std::size_t count, const std::vector<std::uint32_t>& others) {
    std::vector<std::unique_ptr<Member>> members;
    for (std::size_t i = 0; i < count; ++i)
        members.push_back(std::make_unique<Member>(socket));
    fmt::print("{} ports are up\n", members.size());
    std::fflush(stdout);
    pollfd end{STDIN_FILENO, POLLIN, 0};
    while (::poll(&end, 1, round_ms) == 0) {
        for (const auto& member : members)
            member->turn(others);
    }
    return 0;
}

}  // namespace
}  // namespace famez

int main(int argc, char** argv) {
    try {
        // How many, then the ids.
        std::vector<std::uint32_t> numbers;
        for (int i = 2; i < argc; ++i) {
            std::uint32_t number = 0;
            std::from_chars(argv[i], argv[i] + std::strlen(argv[i]), number);
            numbers.push_back(number);
        }
        const bool good =
            !numbers.empty() && std::find(numbers.begin(), numbers.end(), 0U) == numbers.end();
        if (good) return famez::run(argv[1], numbers[0], {numbers.begin() + 1, numbers.end()});
        std::fputs("usage: famez_crowd SOCKET PORTS [ID...]\n", stderr);
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "famez_crowd: {}\n", error.what());
        return 1;
    }
}
