// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/slab.h>

namespace famez {

std::optional<std::uint32_t> Slab::ring_of(LaneKey lane) const {
    const auto found = std::find(owner_.begin(), owner_.end(), lane);
    if (found == owner_.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - owner_.begin()) + first_;
}

std::optional<std::uint32_t> Slab::grant(LaneKey lane) {
    if (owner_.empty()) return std::nullopt;
    if (const auto ring = ring_of(lane)) return ring;
    const auto home = owner_.begin() + lane % rings();
    const auto free = *home == nobody ? home : std::find(owner_.begin(), owner_.end(), nobody);
    if (free == owner_.end()) return std::nullopt;
    *free = lane;
    ++held_;
    return static_cast<std::uint32_t>(free - owner_.begin()) + first_;
}

bool Slab::adopt(LaneKey lane, std::uint64_t ring) {
    const std::uint64_t place = ring - first_;  // wraps to a huge one when below
    if (place >= rings() || owner_[place] != nobody || ring_of(lane)) return false;
    owner_[place] = lane;
    ++held_;
    return true;
}

void Slab::release(LaneKey lane) {
    if (const auto ring = ring_of(lane)) {
        owner_[*ring - first_] = nobody;
        --held_;
    }
}

}  // namespace famez
