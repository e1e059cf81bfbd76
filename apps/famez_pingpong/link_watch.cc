// SPDX-License-Identifier: BSD-3-Clause
#include "link_watch.h"

#include <rte_cycles.h>

#include "clock.h"
#include "log.h"
#include "stop.h"

namespace famez::pingpong {

bool LinkWatch::wait_until_up(double seconds) {
    const std::uint64_t deadline = now_cycles() + to_cycles(seconds);
    bool told = false;
    while (!(up_ = port_.link_up())) {
        if (stop_requested() || now_cycles() >= deadline) return false;
        if (!told) note("waiting for the link of port {}, up to {:g} s", port_.id(), seconds);
        told = true;
        rte_delay_us_sleep(1000);
    }
    return true;
}

bool LinkWatch::check(std::uint64_t now) {
    if (now < next_look_) return up_;
    next_look_ = now + to_cycles(0.010);
    const bool up = port_.link_up();
    if (up != up_) {
        up_ = up;
        up ? came_up(now) : went_down(now);
    }
    return up_;
}

void LinkWatch::went_down(std::uint64_t now) {
    down_since_ = now;
    if (down_expected_) return;
    ++downs_;
    note("link down: the other end is gone (port {}, time {} since start)", port_.id(), downs_);
}

void LinkWatch::came_up(std::uint64_t now) {
    if (down_since_ == 0 || down_expected_) {
        note("link up (port {})", port_.id());
    } else {
        note("link up: going on after {:.3f} s (port {})", to_seconds(now - down_since_),
             port_.id());
    }
}

}  // namespace famez::pingpong
