// SPDX-License-Identifier: BSD-3-Clause
// An emulated wire: what leaves a port, or follows a route, is delayed, held to a rate, lost,
// doubled and reordered by it. One thread uses it. It allocates nothing once it is made, and
// touches only the memory of the frames that it holds.
//
// Reproducible: frames draw their numbers in the order in which they are offered, from a generator
// that the C++ standard fixes to the bit, and each frame draws equally many whatever becomes of it.
// So the same seed and the same calls of duplicates() and offer() lose, double, jitter and reorder
// the same frames on every machine. Only `full` depends on when release() was called, too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>

#include "config.h"

namespace famez::fwd {

enum class Fate {
    held,
    lost,  // by the dice
    full,  // as many as the limit allows are held
};

class Impairer {
  public:
    static constexpr std::uint64_t nothing_due = std::numeric_limits<std::uint64_t>::max();

    // `ticks_per_second` of the clock that all the times below are of: the TSC's.
    Impairer(const Impairment& impairment, std::uint64_t seed, std::uint64_t ticks_per_second);

    // Draws whether the next frame is doubled. If so, the caller makes the copy and offers it too;
    // each of the two may be lost then.
    bool duplicates() { return happens(duplicate_); }

    // A frame that is lost or finds it full takes none of the wire's time, and stays the caller's.
    Fate offer(void* packet, std::uint32_t bytes, std::uint64_t now);

    // Those that are due, in the order in which they leave. The order is the same however often or
    // seldom it is called.
    std::uint32_t release(void** out, std::uint32_t most, std::uint64_t now);

    // When release() has something. nothing_due: none is held.
    [[nodiscard]] std::uint64_t next_due() const;

    [[nodiscard]] std::uint32_t held() const {
        return static_cast<std::uint32_t>(plain_.size() + late_.size());
    }

    // All of them, whatever the time: for the end.
    std::uint32_t empty_into(void** out, std::uint32_t most) {
        return release(out, most, nothing_due);
    }

  private:
    struct Held {
        void* packet;
        std::uint64_t due;
    };
    // Held back until frame number `after` of the others has left, or for late_ticks_.
    struct Late {
        void* packet;
        std::uint64_t due;
        std::uint64_t after;
    };

    // A queue of fixed size. Its counters run on for ever, so that they number what passes.
    template <class Entry>
    class Ring {
      public:
        explicit Ring(std::uint64_t capacity);  // a power of two

        [[nodiscard]] bool empty() const { return head_ == tail_; }
        [[nodiscard]] std::uint64_t size() const { return tail_ - head_; }
        [[nodiscard]] std::uint64_t taken() const { return head_; }
        [[nodiscard]] std::uint64_t put() const { return tail_; }
        [[nodiscard]] const Entry& front() const { return entries_[head_ & mask_]; }
        void push(const Entry& entry) { entries_[tail_++ & mask_] = entry; }
        void* pop() { return entries_[head_++ & mask_].packet; }

      private:
        std::unique_ptr<Entry[]> entries_;
        std::uint64_t mask_;
        std::uint64_t head_ = 0;
        std::uint64_t tail_ = 0;
    };

    // What is not asked for costs no draw.
    bool happens(std::uint64_t threshold) { return threshold != 0 && (random_() >> 1) < threshold; }
    std::uint64_t draw_delay();
    std::uint64_t leave_wire(std::uint32_t bytes, std::uint64_t now);
    [[nodiscard]] bool overtaken(const Late& late) const { return plain_.taken() >= late.after; }
    [[nodiscard]] std::uint64_t deadline(const Late& late) const;

    std::mt19937_64 random_;
    std::uint64_t duplicate_;  // thresholds for 63 random bits, of which 2^63 is certainty
    std::uint64_t loss_;
    std::uint64_t reorder_;
    std::uint32_t reorder_by_;
    std::uint32_t limit_;
    double delay_ticks_;
    double jitter_ticks_;
    double ticks_per_byte_;
    std::uint64_t late_ticks_;

    std::uint64_t wire_free_ = 0;  // when the last bit so far has left ...
    double wire_fraction_ = 0;     // ... and what that is too small by: else a rate would drift
    std::uint64_t last_due_ = 0;
    Ring<Held> plain_;
    Ring<Late> late_;
};

inline std::uint64_t Impairer::next_due() const {
    const std::uint64_t plain = plain_.empty() ? nothing_due : plain_.front().due;
    if (late_.empty()) return plain;
    const Late& late = late_.front();
    return overtaken(late) ? late.due : std::min(plain, deadline(late));
}

}  // namespace famez::fwd
