// SPDX-License-Identifier: BSD-3-Clause
// So many a second, and no more than a hundredth of a second's worth at once.
#pragma once

#include <algorithm>
#include <cstdint>

namespace famez::fwd {

class TokenBucket {
  public:
    // rate 0: as many as are asked for.
    TokenBucket(std::uint64_t rate, std::uint64_t ticks_per_second)
        : rate_(static_cast<double>(rate)),
          per_tick_(rate_ / static_cast<double>(ticks_per_second)),
          most_(std::max(1.0, rate_ / 100)),
          tokens_(most_) {}

    bool take(std::uint64_t now) {
        if (rate_ == 0) return true;
        // The first call finds it full, whatever the time.
        tokens_ = std::min(most_, tokens_ + static_cast<double>(now - last_) * per_tick_);
        last_ = now;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

  private:
    double rate_;
    double per_tick_;
    double most_;
    double tokens_;
    std::uint64_t last_ = 0;
};

}  // namespace famez::fwd
