// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/slab.h>

namespace famez {

std::optional<std::uint32_t> Slab::ring_of(LaneKey lane) const {
    const auto found = std::find(owner_.begin(), owner_.end(), lane);
    if (found == owner_.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - owner_.begin());
}

std::optional<std::uint32_t> Slab::grant(LaneKey lane) {
    if (owner_.empty()) return std::nullopt;
    if (const auto ring = ring_of(lane)) return ring;
    const auto home = owner_.begin() + lane % rings();
    const auto free = *home == nobody ? home : std::find(owner_.begin(), owner_.end(), nobody);
    if (free == owner_.end()) return std::nullopt;
    *free = lane;
    ++held_;
    return static_cast<std::uint32_t>(free - owner_.begin());
}

bool Slab::adopt(LaneKey lane, std::uint32_t ring) {
    if (ring >= rings() || owner_[ring] != nobody || ring_of(lane)) return false;
    owner_[ring] = lane;
    ++held_;
    return true;
}

void Slab::release(LaneKey lane) {
    if (const auto ring = ring_of(lane)) {
        owner_[*ring] = nobody;
        --held_;
    }
}

}  // namespace famez
