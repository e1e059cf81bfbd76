// SPDX-License-Identifier: BSD-3-Clause
#include "server_transport.h"

#include <famez/eventfd.h>

namespace famez {

ServerTransport::ServerTransport(std::span<std::byte> region, std::uint16_t id,
                                 const SharedFds& own_eventfds, const IdSource& ids)
    : region_(region), id_(id), own_eventfds_(own_eventfds), ids_(ids) {
    fds_.reserve(own_eventfds_->size());
    for (const UniqueFd& fd : *own_eventfds_)
        fds_.push_back(fd.get());
}

bool ServerTransport::ring(std::uint16_t peer, std::uint16_t vector) {
    if (peer == id_) {
        if (vector >= fds_.size()) return false;
        ring_eventfd(fds_[vector]);
        return true;
    }
    if (peer == 0 || peer >= ids_.limit()) return false;
    const SharedFds& eventfds = ids_.eventfds(peer);  // none of an id that was retired
    if (eventfds == nullptr || vector >= eventfds->size()) return false;
    ring_eventfd((*eventfds)[vector].get());
    return true;
}

}  // namespace famez
