// SPDX-License-Identifier: BSD-3-Clause
// What ping and tx share: the sizes one after the other, the conversation around each, its limits,
// its clock and its row of the report. The hot loops are theirs.
#pragma once

#include <cstdint>

#include "cpu_use.h"
#include "pacer.h"
#include "roles.h"
#include "schedule.h"
#include "sender.h"
#include "sizes.h"
#include "tally.h"

namespace famez::pingpong {

class Stream {
  public:
    explicit Stream(const Bench& bench);

    // For each size calls `role.aim()`, and `role.run_size(row)`, which sends it, counts into
    // tally(), and fills in what only it knows, `sent` above all. False when there was nobody to
    // send to.
    template <class Role>
    bool run(Role& role) {
        for (std::uint32_t run = 0; begin(run); ++run) {
            Row row;
            role.aim();
            role.run_size(row);
            if (!end(row)) break;
        }
        return bench_.reporter.rows() != 0;
    }

    // For the hot loops: when so many are sent call on_limit(), and on spend() on_tick(); either
    // says whether to go on. A tick may bring another destination: aim anew.
    [[nodiscard]] std::uint64_t limit() const { return limit_; }
    bool on_limit(std::uint64_t sent);
    bool on_tick(std::uint64_t sent);

    Tally& tally() { return tally_; }
    Pacer& pacer() { return pacer_; }
    Sender& sender() { return sender_; }
    [[nodiscard]] const SizePlan& plan() const { return plan_; }
    // With --rate; begins with each size.
    [[nodiscard]] const Schedule& schedule() const { return schedule_; }

  private:
    bool begin(std::uint32_t run);
    bool end(Row& row);

    const Bench& bench_;
    const Options& options_;
    Sender sender_;
    Tally tally_;
    Pacer pacer_;
    CpuUse cpu_use_;
    SizePlan plan_;
    Schedule schedule_;
    std::uint32_t run_ = 0;
    std::uint64_t limit_ = 0;
    std::uint64_t downs_ = 0;  // of the link, as far as the partner has been told where we are
    std::uint64_t downs_before_ = 0;
    std::uint64_t stalls_before_ = 0;
    Sleeps sleeps_before_{};
    bool count_reached_ = false;
};

}  // namespace famez::pingpong
