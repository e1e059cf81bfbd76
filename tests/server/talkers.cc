// SPDX-License-Identifier: BSD-3-Clause
//
// Two ports in one process that attach to a (crowded) fabric, look who is listed, and talk.
// Usage: talkers SOCKET. Prints one line; exit code 1 when they cannot.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string_view>
#include <thread>

#include <famez/endpoint.h>
#include <famez/error.h>
#include <famez/port_table.h>
#include <famez/socket_transport.h>

namespace famez {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int messages = 100;

class Talker {
  public:
    explicit Talker(const char* socket)
        : transport_(
              SocketTransportOptions{.socket_path = socket, .timeout = std::chrono::seconds(20)}),
          endpoint_(transport_, {}, 0, tx_, rx_) {
        endpoint_.port().set_state(layout::PortState::up);
    }

    [[nodiscard]] Port& port() { return endpoint_.port(); }
    bool send(std::uint32_t to, int number) {
        return endpoint_.send(to, std::as_bytes(std::span(&number, 1)));
    }
    // What came: only the numbers that were expected next count.
    int take(int expected) {
        endpoint_.receiver().poll(
            32, [&expected](const std::byte* payload, std::uint32_t length, std::uint32_t) {
                int number = -1;
                if (length == sizeof number) std::memcpy(&number, payload, sizeof number);
                if (number == expected) ++expected;
                return true;
            });
        return expected;
    }
    void tick() { endpoint_.tick(); }
    // The other one is known here with its doorbell: the server introduced it.
    bool ring(std::uint32_t peer) { return transport_.ring(static_cast<std::uint16_t>(peer), 0); }

  private:
    SocketTransport transport_;
    TxCounters tx_;
    RxCounters rx_;
    Endpoint<WriteBack> endpoint_;
};

std::uint32_t count_assigned(Port& port) {
    std::uint32_t count = 0;
    for (std::uint32_t id = 1; id <= port.geometry().ports; ++id) {
        auto& entry = port_entry(port.region(), port.geometry(), id);
        count += load_acquire(entry.assignment.assigned);
    }
    return count;
}

void talk(Talker& from, Talker& to, Clock::time_point deadline) {
    int sent = 0;
    for (int taken = 0; taken < messages; taken = to.take(taken)) {
        if (Clock::now() > deadline) throw FabricError("they do not get through to each other");
        if (sent < messages && from.send(to.port().id(), sent)) ++sent;
        if (sent > 0) continue;
        from.tick();
        to.tick();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void run(const char* socket) {
    Talker one(socket);
    Talker two(socket);
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (!one.ring(two.port().id())) {
        if (Clock::now() > deadline) throw FabricError("the first is not told of the second");
        one.tick();
    }
    talk(one, two, deadline);
    talk(two, one, deadline);
    fmt::print("ports {} and {} of {} talked, {} are listed\n", one.port().id(), two.port().id(),
               one.port().geometry().ports, count_assigned(one.port()));
}

}  // namespace
}  // namespace famez

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: talkers SOCKET\n", stderr);
        return 2;
    }
    try {
        famez::run(argv[1]);
        return 0;
    } catch (const std::exception& error) {
        std::fputs(fmt::format("talkers: {}\n", error.what()).c_str(), stderr);
        return 1;
    }
}
