// SPDX-License-Identifier: BSD-3-Clause
#include "stream.h"

#include "clock.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

Schedule make_schedule(const Options& options) {
    const auto hz = static_cast<double>(cycles_hz());
    return options.rate ? Schedule(hz / static_cast<double>(*options.rate)) : Schedule();
}

}  // namespace

Stream::Stream(const Bench& bench)
    : bench_(bench),
      options_(bench.options),
      sender_(options_, bench.port, bench.link),
      pacer_(options_, bench.port, bench.link, tally_),
      schedule_(make_schedule(options_)) {}

bool Stream::begin(std::uint32_t run) {
    run_ = run;
    plan_ = SizePlan(options_.sizes[run]);
    tally_ = Tally();
    if (!sender_.begin(run)) return false;
    downs_before_ = downs_ = bench_.link.downs();
    stalls_before_ = pacer_.stalls();
    sleeps_before_ = pacer_.sleeps().value_or(Sleeps{});
    limit_ = options_.warmup;
    count_reached_ = false;
    cpu_use_.forget();
    pacer_.restart();
    pacer_.expect(plan_.range().max);
    pacer_.watch_for_stalls(true);
    schedule_.start(now_cycles(), 0);
    return true;
}

bool Stream::on_limit(std::uint64_t sent) {
    if (!tally_.clock_runs()) {
        tally_.start_clock();
        cpu_use_.start();
        if (options_.duration_s) {
            pacer_.set_deadline(tally_.start_cycles + to_cycles(*options_.duration_s));
        }
        limit_ = options_.count ? sent + *options_.count : UINT64_MAX;
        return true;
    }
    count_reached_ = true;
    return false;
}

bool Stream::on_tick(std::uint64_t sent) {
    const bool go_on = pacer_.tick_and_hold();
    if (downs_ != bench_.link.downs() && bench_.link.is_up()) {
        downs_ = bench_.link.downs();
        sender_.resume(sent);
        // Nothing was due while there was no link.
        schedule_.start(now_cycles(), sent);
    }
    return go_on;
}

// False: this was the last size, whether planned or not.
bool Stream::end(Row& row) {
    tally_.end_cycles = now_cycles();
    row.size = plan_.range();
    row.tally = tally_;
    row.cpu_percent = cpu_use_.percent();
    row.sleeps = pacer_.sleeps();
    if (row.sleeps) {
        row.sleeps->sleeps -= sleeps_before_.sleeps;
        row.sleeps->pauses -= sleeps_before_.pauses;
    }
    row.link_downs = bench_.link.downs() - downs_before_;
    row.stalls = pacer_.stalls() - stalls_before_;
    row.ended = "duration";
    if (stop_requested()) row.ended = "interrupted";
    if (pacer_.link_ended_it()) row.ended = "link_down";
    if (count_reached_) row.ended = "count";
    const bool last =
        stop_requested() || pacer_.link_ended_it() || run_ + 1 == options_.sizes.size();
    row.peer = sender_.end(row.sent, row.sent, last);
    bench_.reporter.add(row);
    return !last;
}

}  // namespace famez::pingpong
