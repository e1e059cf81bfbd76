// SPDX-License-Identifier: BSD-3-Clause
#include "link_watch.h"

#include <rte_ethdev.h>

#include "clock.h"
#include "log.h"
#include "stop.h"

namespace famez::pingpong {

bool LinkWatch::read_state() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(port_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool LinkWatch::wait_until_up(double seconds) {
    const std::uint64_t deadline = now_cycles() + to_cycles(seconds);
    bool told = false;
    while (!(up_ = read_state())) {
        if (stop_requested() || now_cycles() >= deadline) return false;
        if (!told) note("waiting for the link of port {}, up to {:g} s", port_, seconds);
        told = true;
        rte_delay_us_sleep(1000);
    }
    return true;
}

bool LinkWatch::check(std::uint64_t now) {
    if (now < next_look_) return up_;
    next_look_ = now + to_cycles(0.010);
    const bool up = read_state();
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
    note("link down: the other end is gone (port {}, time {} since start)", port_, downs_);
}

void LinkWatch::came_up(std::uint64_t now) {
    if (down_since_ == 0 || down_expected_) {
        note("link up (port {})", port_);
    } else {
        note("link up: going on after {:.3f} s (port {})", to_seconds(now - down_since_), port_);
    }
}

}  // namespace famez::pingpong
