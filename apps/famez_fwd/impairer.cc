// SPDX-License-Identifier: BSD-3-Clause
#include "impairer.h"

#include <bit>
#include <cmath>

namespace famez::fwd {

namespace {

// Still "something is held", unlike Impairer::nothing_due.
constexpr std::uint64_t never = Impairer::nothing_due - 1;

// A frame that nobody overtakes leaves so much after its time.
constexpr double longest_late_us = 10'000;

std::uint64_t add(std::uint64_t time, std::uint64_t ticks) {
    return time > never - std::min(ticks, never) ? never : time + ticks;
}

// Numbers that do not fit are so far away that their exact size does not matter.
std::uint64_t to_ticks(double ticks) {
    constexpr double most = 0x1p63;
    return ticks >= most ? never : static_cast<std::uint64_t>(std::max(ticks, 0.0));
}

std::uint64_t threshold_of(double probability) {
    return static_cast<std::uint64_t>(std::ldexp(std::clamp(probability, 0.0, 1.0), 63));
}

}  // namespace

template <class Entry>
Impairer::Ring<Entry>::Ring(std::uint64_t capacity)
    : entries_(std::make_unique_for_overwrite<Entry[]>(capacity)), mask_(capacity - 1) {}

Impairer::Impairer(const Impairment& impairment, std::uint64_t seed, std::uint64_t ticks_per_second)
    : random_(seed),
      duplicate_(threshold_of(impairment.duplicate)),
      loss_(threshold_of(impairment.loss)),
      reorder_(impairment.reorder_by == 0 ? 0 : threshold_of(impairment.reorder)),
      reorder_by_(impairment.reorder_by),
      limit_(impairment.limit),
      delay_ticks_(impairment.delay_us * 1e-6 * static_cast<double>(ticks_per_second)),
      jitter_ticks_(impairment.jitter_us * 1e-6 * static_cast<double>(ticks_per_second)),
      ticks_per_byte_(impairment.rate_bps > 0
                          ? 8 * static_cast<double>(ticks_per_second) / impairment.rate_bps
                          : 0),
      late_ticks_(to_ticks(longest_late_us * 1e-6 * static_cast<double>(ticks_per_second))),
      plain_(std::bit_ceil(std::uint64_t{impairment.limit})),
      late_(reorder_ == 0 ? 1 : std::bit_ceil(std::uint64_t{impairment.limit})) {}

// Delay - jitter to delay + jitter, all equally likely. Not by std::uniform_real_distribution,
// which each library does its own way.
std::uint64_t Impairer::draw_delay() {
    if (jitter_ticks_ <= 0) return to_ticks(std::round(delay_ticks_));
    const double zero_to_one = std::ldexp(static_cast<double>(random_() >> 11), -53);
    return to_ticks(std::round(delay_ticks_ + jitter_ticks_ * (2 * zero_to_one - 1)));
}

// When a frame's last bit has left, if the ones before it had the wire first.
std::uint64_t Impairer::leave_wire(std::uint32_t bytes, std::uint64_t now) {
    if (ticks_per_byte_ <= 0) return now;
    if (now > wire_free_) {
        wire_free_ = now;
        wire_fraction_ = 0;
    }
    const double ticks = bytes * ticks_per_byte_ + wire_fraction_;
    const double whole = std::floor(ticks);
    wire_fraction_ = ticks - whole;
    wire_free_ = add(wire_free_, to_ticks(whole));
    return wire_free_;
}

Fate Impairer::offer(void* packet, std::uint32_t bytes, std::uint64_t now) {
    // All draws come first: the frames behind this one get the same numbers whatever becomes of it.
    const bool is_lost = happens(loss_);
    const bool is_late = happens(reorder_);
    const std::uint64_t delay = draw_delay();
    if (is_lost) return Fate::lost;
    if (held() >= limit_) return Fate::full;

    // Jitter does not reorder: nobody leaves before the one in front.
    last_due_ = std::max(last_due_, add(leave_wire(bytes, now), delay));
    if (is_late) {
        late_.push({packet, last_due_, plain_.put() + reorder_by_});
    } else {
        plain_.push({packet, last_due_});
    }
    return Fate::held;
}

std::uint64_t Impairer::deadline(const Late& late) const {
    return add(late.due, late_ticks_);
}

// Both queues are in the order in which their frames leave: times only grow, and so do the numbers
// of the frames that the late ones wait for. Hence looking at the two heads is enough.
std::uint32_t Impairer::release(void** out, std::uint32_t most, std::uint64_t now) {
    std::uint32_t count = 0;
    while (count < most) {
        const std::uint64_t plain = plain_.empty() ? nothing_due : plain_.front().due;
        const std::uint64_t late = late_.empty() ? nothing_due : deadline(late_.front());
        if (!late_.empty() && (overtaken(late_.front()) || (late <= plain && late <= now))) {
            out[count++] = late_.pop();
        } else if (!plain_.empty() && plain <= now) {
            out[count++] = plain_.pop();
        } else {
            break;
        }
    }
    return count;
}

}  // namespace famez::fwd
