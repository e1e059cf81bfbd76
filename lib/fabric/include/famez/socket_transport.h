// SPDX-License-Identifier: BSD-3-Clause
//
// A host process's way into a fabric: the server's socket, the region mapped from the descriptor
// that came with it, doorbells by eventfd.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <famez/ivshmem_client.h>
#include <famez/region.h>
#include <famez/transport.h>

namespace famez {

struct SocketTransportOptions {
    std::string socket_path = "/tmp/ivshmsg_socket";
    bool accept_unsealed = false;
    std::chrono::milliseconds timeout{5000};
    // A FAME-Z server's region has a mailbox and no fabric: a few KiB, for who asks for no more.
    std::uint64_t least_bytes = layout::region_bytes_min;
};

class SocketTransport final : public Transport {
  public:
    // Connects, attaches and maps. Throws FabricError.
    explicit SocketTransport(const SocketTransportOptions& options);

    [[nodiscard]] std::span<std::byte> region() const override { return mapping_.bytes(); }
    [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
    [[nodiscard]] std::uint16_t id() const override { return client_.id(); }
    [[nodiscard]] std::span<const int> eventfds() const override { return eventfds_; }
    bool ring(std::uint16_t peer, std::uint16_t vector) override {
        return client_.ring(peer, vector);
    }
    bool service() override;

  private:
    void collect_eventfds();
    IvshmemClient client_;
    Mapping mapping_;
    std::vector<int> eventfds_;
};

}  // namespace famez
