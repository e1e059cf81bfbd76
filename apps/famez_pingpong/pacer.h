// SPDX-License-Identifier: BSD-3-Clause
// Everything that a hot loop must do now and then, kept out of it: Ctrl-C, the deadline, the link,
// a stalled partner, progress lines, and sleep.
#pragma once

#include <cstdint>
#include <optional>

#include "link_watch.h"
#include "options.h"
#include "port.h"
#include "sleeper.h"
#include "tally.h"

namespace famez::pingpong {

class Pacer {
  public:
    Pacer(const Options& options, Port& port, LinkWatch& link, const Tally& tally);

    // A new run: forgets the deadline and what was seen of the last one.
    void restart();
    void set_deadline(std::uint64_t cycles) { deadline_ = cycles; }

    // The messages have up to so many bytes: of those that are no frames any more fewer come to a
    // tick.
    void expect(std::uint32_t bytes) {
        if (reload_ != 0) budget_ = reload_ = budget_of(bytes);
    }

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

    // The same for a poll that brought nothing. With --idle-us such polls come to a tick sooner.
    [[nodiscard]] bool spend_empty() {
        budget_ -= empty_cost_;
        return budget_ < 0;
    }

    // False when the run is to end.
    bool tick();

    // With --idle-us: sleeps if no message has come for that long, but not past `until`. For who
    // waits for messages and for nothing else.
    void rest(std::uint64_t until = UINT64_MAX);

    // With --idle-us: sleeps until shortly before then. For who waits for the time alone. Tells
    // whether it did, and so whether a tick is due.
    bool pause_until(std::uint64_t cycles);

    // The same, but sits out the time that the link is down: for senders.
    bool tick_and_hold();

    // Ended by a link that went down, with --exit-on-link-down.
    [[nodiscard]] bool link_ended_it() const { return link_ended_it_; }
    [[nodiscard]] std::uint64_t stalls() const { return stalls_; }

    // Nothing without --idle-us.
    [[nodiscard]] std::optional<Sleeps> sleeps() const;

  private:
    static constexpr std::int32_t full_budget = 32768;
    // A tick costs some ten nanoseconds: so many empty polls are a microsecond or two.
    static constexpr std::int32_t idle_cost = full_budget / 128;

    // Large messages: so many bytes to a tick.
    static constexpr std::uint32_t full_bytes = 16U << 20;

    static constexpr std::int32_t budget_of(std::uint32_t bytes) {
        return bytes <= max_frame ? full_budget : static_cast<std::int32_t>(full_bytes / bytes);
    }
    static_assert(full_bytes >= max_message);  // 0 would be a pause at each poll

    void look_for_stall(std::uint64_t now);
    void show_progress(std::uint64_t now);

    const Options& options_;
    LinkWatch& link_;
    const Tally& tally_;
    std::int32_t budget_ = full_budget;
    std::int32_t reload_ = full_budget;
    std::int32_t empty_cost_ = 1;
    std::uint64_t deadline_ = UINT64_MAX;
    bool link_ended_it_ = false;

    std::optional<Sleeper> sleeper_;
    std::uint64_t pauses_ = 0;

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
