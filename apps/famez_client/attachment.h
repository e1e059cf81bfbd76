// SPDX-License-Identifier: BSD-3-Clause
//
// The client's way in: any server with a FAME-Z mailbox will do, ours or the original.
#pragma once

#include <optional>
#include <string>

#include <famez/geometry.h>
#include <famez/socket_transport.h>
#include <famez/transport.h>

namespace famez::client {

class Attachment final : public Transport {
  public:
    // Connects, attaches, maps, and waits a moment for the last of the own doorbells. Throws
    // FabricError.
    explicit Attachment(const std::string& socket_path);

    [[nodiscard]] std::span<std::byte> region() const override { return socket_.region(); }
    [[nodiscard]] MemoryType memory_type() const override { return socket_.memory_type(); }
    [[nodiscard]] std::uint16_t id() const override { return socket_.id(); }
    [[nodiscard]] std::span<const int> eventfds() const override { return socket_.eventfds(); }
    // A newcomer may write before its doorbells were read from the socket: they are, if need be.
    bool ring(std::uint16_t peer, std::uint16_t vector) override;
    bool service() override;

    // Nothing where the region has only a mailbox, as the original's.
    [[nodiscard]] const std::optional<Geometry>& geometry() const { return geometry_; }

  private:
    [[nodiscard]] std::size_t doorbells_to_come() const;

    SocketTransport socket_;
    std::optional<Geometry> geometry_;
    bool served_ = true;
};

}  // namespace famez::client
