// SPDX-License-Identifier: BSD-3-Clause
//
// The ids of a fabric and the eventfds that belong to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "client.h"

namespace famez {

// `count` new eventfds that never block. Throws FabricError.
SharedFds make_eventfds(std::uint32_t count);

// Takes a count off an eventfd without ever waiting for one.
void drain_eventfd(int fd);

class IdPool {
  public:
    // Ids 1..ports, each with `vectors` eventfds. They are all made here and none later: a fabric
    // that its server has not the descriptors for fails before anybody is attached to it. Throws
    // FabricError.
    IdPool(std::uint32_t ports, std::uint32_t vectors);

    // The lowest free id, which its caller now holds; none when all are held or retired. Rings
    // that came while nobody held it are gone.
    std::optional<std::uint32_t> acquire();
    // Its holder has ended: the eventfds are parked for the next holder. See Server::detach().
    void release(std::uint32_t id);
    // Never again (its holder has ended, or it has never had one): closes the eventfds too, as soon
    // as no message needs them.
    void retire(std::uint32_t id);

    [[nodiscard]] const SharedFds& eventfds(std::uint32_t id) const { return eventfds_.at(id); }
    [[nodiscard]] std::size_t free() const { return free_.size(); }

  private:
    std::vector<SharedFds> eventfds_;  // by id; [0] unused
    std::set<std::uint32_t> free_;
};

}  // namespace famez
