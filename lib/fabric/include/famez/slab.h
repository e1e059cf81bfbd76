// SPDX-License-Identifier: BSD-3-Clause
//
// Who has which ring of this port's slab. A ring goes from one lane to another only when the
// first lane's producer is known to have let go of it (rule G1, doc/lane-lifecycle.md): a producer
// finishes its burst after the consumer has turned away from it, so memory taken back too early
// would have two writers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace famez {

// Not thread-safe; control path only.
class Slab {
  public:
    // A lane towards this port, as a number: (source - 1) * lanes + lane.
    using LaneKey = std::uint32_t;

    explicit Slab(std::uint32_t rings = 0) : owner_(rings, nobody) {}

    // The lane keeps the ring that it has, else gets its home ring (the same one each time, where
    // the slab has as many rings as there are lanes), else any free one.
    std::optional<std::uint32_t> grant(LaneKey lane);

    // The lane has this ring since before this port started. False when it is out of range or
    // another lane has it.
    bool adopt(LaneKey lane, std::uint32_t ring);

    // The lane's producer has let go of its ring, if it had one.
    void release(LaneKey lane);

    [[nodiscard]] std::uint32_t held() const { return held_; }
    [[nodiscard]] std::uint32_t rings() const { return static_cast<std::uint32_t>(owner_.size()); }

  private:
    static constexpr LaneKey nobody = ~LaneKey{0};
    [[nodiscard]] std::optional<std::uint32_t> ring_of(LaneKey lane) const;

    std::vector<LaneKey> owner_;  // by ring
    std::uint32_t held_ = 0;
};

}  // namespace famez
