// SPDX-License-Identifier: BSD-3-Clause
//
// Whole ports on a fake fabric, stepped by hand in one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <famez/endpoint.h>

#include "fake_transport.h"

namespace famez::test {

class TestPort {
  public:
    TestPort(FakeFabric& fabric, std::uint16_t id, PortOptions options = {}, std::uint32_t only = 0)
        : transport_(fabric, id), endpoint(transport_, std::move(options), only, tx, rx) {
        endpoint.port().set_state(layout::PortState::up);
    }

    bool send(std::uint32_t to, const std::string& message) {
        return endpoint.send(to, std::as_bytes(std::span(message)));
    }
    // One poll; what came is behind `inbox`.
    std::uint32_t poll(std::uint32_t max = 32) {
        return endpoint.receiver().poll(
            max, [this](const std::byte* payload, std::uint32_t length, std::uint32_t) {
                inbox.emplace_back(reinterpret_cast<const char*>(payload), length);
                return true;
            });
    }
    // A tick of an event loop: many polls, the sweeps of both halves.
    void turn() {
        endpoint.tick();
        for (int i = 0; i < 64; ++i)
            poll();
        endpoint.sender().housekeep();
    }

  private:
    FakeTransport transport_;

  public:
    TxCounters tx;
    RxCounters rx;
    std::vector<std::string> inbox;
    Endpoint<WriteBack> endpoint;
};

// Sends until it went, with everybody turning and ticking; false when it does not go.
template <class... Ports>
bool send_soon(TestPort& from, std::uint32_t to, const std::string& message, int ticks,
               Ports&... others) {
    for (int i = 0; i < ticks; ++i) {
        if (from.send(to, message)) return true;
        from.turn();
        (others.turn(), ...);
        from.endpoint.tick();
        (others.endpoint.tick(), ...);
    }
    return false;
}

}  // namespace famez::test
