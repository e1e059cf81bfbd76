// SPDX-License-Identifier: BSD-3-Clause
// What has been asked and not yet answered, and when it was asked. Nothing of DPDK in here.
#pragma once

#include <array>
#include <cstdint>

namespace famez::pingpong {

class Outstanding {
  public:
    static constexpr std::uint32_t capacity = 16384;

    // Forgets what was there; the next to be asked is `first`. A loop that does so for each burst
    // uses the same few slots all the time.
    void restart(std::uint64_t first) {
        origin_ = base_ = next_ = end_ = first;
        missing_ = 0;
    }

    // The next `count` messages, of which there must be room for, at this time (never 0).
    void ask(std::uint32_t count, std::uint64_t now) {
        for (std::uint32_t i = 0; i < count; ++i)
            slot(end_++) = now;
        missing_ += count;
    }

    [[nodiscard]] std::uint32_t missing() const { return missing_; }

    // How many more can be asked.
    [[nodiscard]] std::uint32_t room() {
        if (end_ - base_ > capacity / 2) forget_answered();
        return static_cast<std::uint32_t>(capacity - (end_ - base_));
    }

    enum class Kind { in_order, reordered, duplicated, late };
    struct Answer {
        Kind kind;
        std::uint64_t sequence;
        std::uint64_t asked_at;
    };

    // Whose answer this is. A short payload shows only the low bits, which is enough in all but the
    // largest bursts of the smallest messages; there the next one expected decides.
    [[nodiscard]] Answer place(std::uint64_t shown, std::uint64_t mask) {
        const std::uint64_t ahead = (shown - next_) & mask;
        if (ahead < end_ - next_ && slot(next_ + ahead) != 0) {
            const std::uint64_t sequence = next_ + ahead;
            next_ = sequence + 1;
            return {Kind::in_order, sequence, take(sequence)};
        }
        const std::uint64_t back = (shown - base_) & mask;
        if (back >= end_ - base_) return {Kind::late, shown, 0};
        if (slot(base_ + back) == 0) return {Kind::duplicated, base_ + back, 0};
        return {Kind::reordered, base_ + back, take(base_ + back)};
    }

    // Gives up what was asked before this time; says how many.
    std::uint32_t give_up(std::uint64_t asked_before) {
        std::uint32_t lost = 0;
        for (; base_ != end_ && slot(base_) < asked_before; ++base_)
            lost += slot(base_) != 0 ? 1 : 0;
        missing_ -= lost;
        if (next_ < base_) next_ = base_;
        return lost;
    }

  private:
    std::uint64_t& slot(std::uint64_t sequence) {
        return asked_at_[(sequence - origin_) % capacity];
    }

    std::uint64_t take(std::uint64_t sequence) {
        const std::uint64_t asked_at = slot(sequence);
        slot(sequence) = 0;
        --missing_;
        return asked_at;
    }

    void forget_answered() {
        while (base_ != end_ && slot(base_) == 0)
            ++base_;
    }

    // By sequence number; 0 is answered.
    std::array<std::uint64_t, capacity> asked_at_{};
    std::uint64_t origin_ = 0;
    std::uint64_t base_ = 0;  // all before it is settled
    std::uint64_t next_ = 0;  // the next one if nothing goes wrong
    std::uint64_t end_ = 0;
    std::uint32_t missing_ = 0;
};

}  // namespace famez::pingpong
