// SPDX-License-Identifier: BSD-3-Clause
//
// The ids of a fabric and the eventfds that belong to them.
#pragma once

#include <set>
#include <vector>

#include "id_source.h"

namespace famez {

// `count` new eventfds that never block. Throws FabricError.
SharedFds make_eventfds(std::uint32_t count);

class IdPool final : public IdSource {
  public:
    // Ids 1..ports, each with `vectors` eventfds. They are all made here and none later: a fabric
    // that its server has not the descriptors for fails before anybody is attached to it. Throws
    // FabricError.
    IdPool(std::uint32_t ports, std::uint32_t vectors);

    // The lowest free id; none when all are held or retired. Rings that came while nobody held it
    // are gone.
    std::optional<std::uint32_t> acquire() override;
    [[nodiscard]] std::string shortage() const override;
    void release(std::uint32_t id) override;
    void retire(std::uint32_t id) override;
    [[nodiscard]] const SharedFds& eventfds(std::uint32_t id) const override {
        return eventfds_.at(id);
    }
    [[nodiscard]] std::size_t free() const override { return free_.size(); }
    [[nodiscard]] std::uint32_t limit() const override {
        return static_cast<std::uint32_t>(eventfds_.size());
    }

  private:
    std::vector<SharedFds> eventfds_;  // by id; [0] unused
    std::set<std::uint32_t> free_;
};

}  // namespace famez
