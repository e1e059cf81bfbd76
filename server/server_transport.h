// SPDX-License-Identifier: BSD-3-Clause
//
// The server's own attachment to its fabric: the peer ports + 1, for mail.
#pragma once

#include <span>
#include <vector>

#include <famez/transport.h>

#include "id_source.h"

namespace famez {

class ServerTransport final : public Transport {
  public:
    // `ids` and the region outlive this.
    ServerTransport(std::span<std::byte> region, std::uint16_t id, const SharedFds& own_eventfds,
                    const IdSource& ids);

    [[nodiscard]] std::span<std::byte> region() const override { return region_; }
    [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] std::span<const int> eventfds() const override { return fds_; }
    bool ring(std::uint16_t peer, std::uint16_t vector) override;
    bool service() override { return true; }

  private:
    std::span<std::byte> region_;
    std::uint16_t id_;
    SharedFds own_eventfds_;
    std::vector<int> fds_;
    const IdSource& ids_;
};

}  // namespace famez
