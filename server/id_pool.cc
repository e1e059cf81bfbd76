// SPDX-License-Identifier: BSD-3-Clause
#include "id_pool.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <famez/error.h>
#include <famez/eventfd.h>

namespace famez {

SharedFds make_eventfds(std::uint32_t count) {
    std::vector<UniqueFd> fds;
    fds.reserve(count);
    for (std::uint32_t vector = 0; vector < count; ++vector) {
        fds.emplace_back(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        if (!fds.back()) {
            throw FabricError(fmt::format("an eventfd cannot be made: {}", std::strerror(errno)));
        }
    }
    return std::make_shared<const std::vector<UniqueFd>>(std::move(fds));
}

IdPool::IdPool(std::uint32_t ports, std::uint32_t vectors) : eventfds_(ports + 1) {
    for (std::uint32_t id = 1; id <= ports; ++id) {
        eventfds_[id] = make_eventfds(vectors);
        free_.insert(free_.end(), id);
    }
}

std::optional<std::uint32_t> IdPool::acquire() {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t id = *free_.begin();
    free_.erase(free_.begin());
    // Only here, where the id is between two holders: a count taken off while somebody holds it
    // would be a doorbell stolen from him.
    for (const UniqueFd& fd : *eventfds_[id])
        drain_eventfd(fd.get());
    return id;
}

std::string IdPool::shortage() const {
    const bool some_retired = std::ranges::count(eventfds_, nullptr) > 1;  // [0] has none
    return fmt::format("all {} ports are taken{}", eventfds_.size() - 1,
                       some_retired ? " or have been, and --no-recycle reuses none" : "");
}

void IdPool::release(std::uint32_t id) {
    if (eventfds_.at(id) != nullptr) free_.insert(id);
}

void IdPool::retire(std::uint32_t id) {
    free_.erase(id);
    eventfds_.at(id).reset();
}

}  // namespace famez
