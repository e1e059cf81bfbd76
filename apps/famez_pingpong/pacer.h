// SPDX-License-Identifier: BSD-3-Clause
// Everything that a hot loop must do now and then, kept out of it: Ctrl-C, the deadline, the link,
// a stalled partner, progress lines.
#pragma once

#include <cstdint>

#include "link_watch.h"
#include "options.h"
#include "tally.h"

namespace famez::pingpong {

class Pacer {
  public:
    Pacer(const Options& options, LinkWatch& link, const Tally& tally);

    // A new run: forgets the deadline and what was seen of the last one.
    void restart();
    void set_deadline(std::uint64_t cycles) { deadline_ = cycles; }

    // The work is done; only stay a little to answer. Sleeps between polls: a driver whose other
    // end leaves now takes its memory apart in another thread (net_memif), and polling at full
    // speed would run into that.
    void linger_until(std::uint64_t cycles) {
        deadline_ = cycles;
        reload_ = budget_ = 0;
    }

    // Whether silence of the partner is worth a line.
    void watch_for_stalls(bool watch) {
        watch_stalls_ = watch;
        last_progress_ = 0;
    }

    // True when it is time to call tick(): a fraction of a millisecond at full speed and when idle,
    // some ten for the largest frames and bursts.
    [[nodiscard]] bool spend(std::uint32_t messages) {
        budget_ -= static_cast<std::int32_t>(messages) + 1;
        return budget_ < 0;
    }

    // False when the run is to end.
    bool tick();

    // The same, but sits out the time that the link is down: for senders.
    bool tick_and_hold();

    // Ended by a link that went down, with --exit-on-link-down.
    [[nodiscard]] bool link_ended_it() const { return link_ended_it_; }
    [[nodiscard]] std::uint64_t stalls() const { return stalls_; }

  private:
    static constexpr std::int32_t full_budget = 32768;

    void look_for_stall(std::uint64_t now);
    void show_progress(std::uint64_t now);

    const Options& options_;
    LinkWatch& link_;
    const Tally& tally_;
    std::int32_t budget_ = full_budget;
    std::int32_t reload_ = full_budget;
    std::uint64_t deadline_ = UINT64_MAX;
    bool link_ended_it_ = false;

    bool watch_stalls_ = false;
    bool stalled_ = false;
    std::uint64_t stalls_ = 0;
    std::uint64_t last_progress_ = 0;
    std::uint64_t last_messages_ = 0;

    std::uint64_t interval_ = 0;
    std::uint64_t next_line_ = UINT64_MAX;
    std::uint64_t line_cycles_ = 0;
    std::uint64_t line_messages_ = 0;
    std::uint64_t line_bytes_ = 0;
};

}  // namespace famez::pingpong
