// SPDX-License-Identifier: BSD-3-Clause
#include "pacer.h"

#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "log.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

// Half a second, so that with all delays a dead partner is reported within one.
constexpr double stall_seconds = 0.5;

double progress_interval(const Options& options) {
    if (options.interval_s) return *options.interval_s;
    return !options.quiet && isatty(STDERR_FILENO) != 0 ? 1.0 : 0.0;
}

}  // namespace

Pacer::Pacer(const Options& options, Port& port, LinkWatch& link, const Tally& tally)
    : options_(options),
      link_(link),
      tally_(tally),
      interval_(to_cycles(progress_interval(options))) {
    if (options.idle_us) {
        empty_cost_ = idle_cost;
        // tx waits for nobody's messages.
        if (options.role != Role::tx) sleeper_.emplace(port, *options.idle_us);
    }
    restart();
}

void Pacer::restart() {
    deadline_ = UINT64_MAX;
    budget_ = reload_ = full_budget;
    stalled_ = false;
    last_progress_ = 0;
    last_messages_ = line_messages_ = tally_.messages;
    line_bytes_ = tally_.bytes;
    line_cycles_ = now_cycles();
    if (interval_ != 0) next_line_ = line_cycles_ + interval_;
}

bool Pacer::tick() {
    budget_ = reload_;
    if (reload_ == 0) rte_delay_us_sleep(1000);
    const std::uint64_t now = now_cycles();
    if (stop_requested() || now >= deadline_) return false;
    if (!link_.check(now) && options_.exit_on_link_down && link_.downs() != 0) {
        link_ended_it_ = true;
        return false;
    }
    if (watch_stalls_) look_for_stall(now);
    if (now >= next_line_) show_progress(now);
    return true;
}

bool Pacer::tick_and_hold() {
    for (;;) {
        if (!tick()) return false;
        if (link_.is_up()) return true;
        rte_delay_us_sleep(1000);
    }
}

void Pacer::rest(std::uint64_t until) {
    if (sleeper_ && reload_ != 0) sleeper_->rest(tally_.messages, std::min(until, deadline_));
}

bool Pacer::pause_until(std::uint64_t cycles) {
    if (!options_.idle_us || !sleep_towards(std::min(cycles, deadline_))) return false;
    ++pauses_;
    return true;
}

std::optional<Sleeps> Pacer::sleeps() const {
    if (!options_.idle_us) return std::nullopt;
    if (!sleeper_) return Sleeps{0, pauses_, false};
    return Sleeps{sleeper_->sleeps(), pauses_, sleeper_->by_interrupt()};
}

void Pacer::look_for_stall(std::uint64_t now) {
    if (tally_.messages != last_messages_ || last_progress_ == 0 || !link_.is_up()) {
        if (stalled_ && tally_.messages != last_messages_) {
            note("going on after {:.3f} s", to_seconds(now - last_progress_));
            stalled_ = false;
        }
        last_messages_ = tally_.messages;
        last_progress_ = now;
    } else if (!stalled_ && now - last_progress_ > to_cycles(stall_seconds)) {
        stalled_ = true;
        ++stalls_;
        note("{} {:g} s: the other end is stopped, busy or gone",
             options_.role == Role::tx ? "nothing was taken for" : "nothing came for",
             stall_seconds);
    }
}

void Pacer::show_progress(std::uint64_t now) {
    const double seconds = to_seconds(now - line_cycles_);
    const auto messages = static_cast<double>(tally_.messages - line_messages_);
    const auto bytes = static_cast<double>(tally_.bytes - line_bytes_);
    note("{:4} {:>14} messages {:>10.6f} Mmsg/s {:>9.4f} Gb/s", to_string(options_.role),
         tally_.messages, messages / seconds / 1e6, bytes * 8 / seconds / 1e9);
    line_cycles_ = now;
    line_messages_ = tally_.messages;
    line_bytes_ = tally_.bytes;
    next_line_ = now + interval_;
}

}  // namespace famez::pingpong
