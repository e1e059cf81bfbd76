// SPDX-License-Identifier: BSD-3-Clause
// A port of either API (--api), as far as it is off the fast path. The hot loops are templates over
// its two models, EthdevPort and FabricPort, and never call anything virtual. Both models have,
// with these names:
//
//   Packet     a message to be sent; send(packets, count) says how many were taken, free() gives up
//              the others, reclaim() is for when Builder has no buffer left
//   Builder    makes data messages
//   Inbox      takes messages in bursts and shows each of them as a frame. receive() is false when
//              there is none for sure; count() says after each() how many there were. Received is
//              the memory that it needs.
//   Answers    sends the messages of an Inbox back
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "control.h"
#include "interrupt.h"
#include "wire.h"

namespace famez::pingpong {

// The most messages that one call hands over.
inline constexpr std::uint32_t max_burst = 512;
// How long send_frame() tries.
inline constexpr double send_frame_seconds = 0.050;

// what() is one line for the user.
class PortError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Port {
  public:
    Port() = default;
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;
    virtual ~Port() = default;

    [[nodiscard]] virtual std::uint16_t id() const = 0;
    [[nodiscard]] virtual const std::string& driver() const = 0;
    [[nodiscard]] virtual const MacAddress& mac() const = 0;
    [[nodiscard]] virtual std::uint32_t largest_frame() const = 0;
    [[nodiscard]] virtual bool link_up() = 0;
    // The machine has asked for the device back (which also stopped the run): it waits until the
    // port is closed.
    [[nodiscard]] virtual bool removed() const { return false; }

    // A single small frame; false when the port takes nothing for 50 ms.
    virtual bool send_frame(std::span<const std::uint8_t> frame) = 0;
    // Takes a burst of what has come and shows the control messages among it.
    virtual void receive_control(const std::function<void(const ReceivedControl&)>& visit) = 0;
    // Belongs to the thread that makes it, and ends before the port.
    [[nodiscard]] virtual std::unique_ptr<Interrupt> make_interrupt() = 0;

    // What the port itself counted since it started.
    virtual void add_statistics(nlohmann::ordered_json& json) const = 0;
    [[nodiscard]] virtual std::string statistics_line() const = 0;
};

}  // namespace famez::pingpong
