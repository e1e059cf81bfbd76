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
    // A lane towards this port among those of one lane number, as a number: source - 1.
    using LaneKey = std::uint32_t;

    // Keeps account of `rings` rings, from number `first` of the port's slab on. Each lane number
    // has a range of its own: its receiver shares nothing with the threads of the others, and a
    // crowd on one lane number takes no ring from another.
    explicit Slab(std::uint32_t rings = 0, std::uint32_t first = 0)
        : owner_(rings, nobody), first_(first) {}

    // The lane keeps the ring that it has, else gets its home ring (the same one each time, where
    // the slab has as many rings as there are lanes), else any free one. Rings are numbered as in
    // the port's slab, here and below.
    std::optional<std::uint32_t> grant(LaneKey lane);

    // The lane has this ring since before this port started. False when it is out of range or
    // another lane has it.
    bool adopt(LaneKey lane, std::uint64_t ring);

    // The lane's producer has let go of its ring, if it had one.
    void release(LaneKey lane);

    [[nodiscard]] std::uint32_t held() const { return held_; }
    [[nodiscard]] std::uint32_t rings() const { return static_cast<std::uint32_t>(owner_.size()); }

  private:
    static constexpr LaneKey nobody = ~LaneKey{0};
    [[nodiscard]] std::optional<std::uint32_t> ring_of(LaneKey lane) const;

    std::vector<LaneKey> owner_;  // by ring, less first_
    std::uint32_t first_;
    std::uint32_t held_ = 0;
};

}  // namespace famez
