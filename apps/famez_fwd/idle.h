// SPDX-License-Identifier: BSD-3-Clause
// --idle-us: a worker that has found nothing for so long sleeps until one of its queues rings, or
// something it holds is due. A queue whose driver has no receive interrupt is looked at after naps
// instead, which grow from 50 us to a millisecond while nothing comes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <rte_epoll.h>

#include "stream.h"

namespace famez::fwd {

class Idle {
  public:
    // For the thread that polls the streams: EAL keeps one epoll set a thread. idle_ticks 0: never
    // sleeps.
    Idle(const std::vector<Stream>& streams, std::uint64_t idle_ticks,
         std::uint64_t ticks_per_second);
    ~Idle();
    Idle(const Idle&) = delete;
    Idle& operator=(const Idle&) = delete;

    // After a round that has found something.
    [[gnu::always_inline]] void seen() { empty_rounds_ = 0; }

    // After one that has not. True if rest() is to be called.
    [[gnu::always_inline]] bool tired() {
        return idle_ticks_ != 0 && ++empty_rounds_ >= rounds_between_looks;
    }

    // Sleeps, if it was quiet for long enough, and not past `due`.
    void rest(std::uint64_t due);

    [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

  private:
    static constexpr std::uint32_t rounds_between_looks = 16;
    static constexpr std::size_t max_events = 8;

    struct Bell {
        std::uint16_t port;
        std::uint16_t queue;
    };

    bool listen(const Stream& stream);
    bool wait(double seconds);
    bool wait_for_event(double seconds);

    const std::uint64_t idle_ticks_;
    const double ticks_per_second_;
    std::uint32_t empty_rounds_ = 0;
    std::uint64_t quiet_since_ = 0;
    std::uint64_t sleeps_ = 0;
    double nap_seconds_;
    bool all_ring_ = true;  // every stream has an interrupt
    std::vector<Bell> bells_;
    int alarm_ = -1;
    std::unique_ptr<rte_epoll_event> alarm_event_;  // EAL keeps its address
};

}  // namespace famez::fwd
