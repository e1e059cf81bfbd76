// SPDX-License-Identifier: BSD-3-Clause
//
// Ids as QEMU's own ivshmem-server gives them out: rising from 0.
#pragma once

#include <map>

#include "id_source.h"

namespace famez {

// Eventfds are made when an id is given out and closed at its holder's end. Each id is used once:
// QEMU's server begins again at 0 behind 65535, but a stock QEMU that has been told of the end of
// an id does not bear to hear of it again (see Server::detach()).
class RisingIds final : public IdSource {
  public:
    static constexpr std::uint32_t ids = 65536;

    explicit RisingIds(std::uint32_t vectors) : vectors_(vectors) {}

    std::optional<std::uint32_t> acquire() override;
    [[nodiscard]] std::string shortage() const override;
    void release(std::uint32_t id) override { retire(id); }
    void retire(std::uint32_t id) override { eventfds_.erase(id); }
    [[nodiscard]] const SharedFds& eventfds(std::uint32_t id) const override {
        return eventfds_.at(id);
    }
    [[nodiscard]] std::size_t free() const override { return ids - next_; }
    [[nodiscard]] std::uint32_t limit() const override { return ids; }

  private:
    std::uint32_t vectors_;
    std::uint32_t next_ = 0;
    std::map<std::uint32_t, SharedFds> eventfds_;
    std::string failure_;
};

}  // namespace famez
