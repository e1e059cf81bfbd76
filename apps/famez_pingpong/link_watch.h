// SPDX-License-Identifier: BSD-3-Clause
// Tells when the link goes and comes. Never asked on the fast path.
#pragma once

#include <cstdint>

#include "port.h"

namespace famez::pingpong {

class LinkWatch {
  public:
    explicit LinkWatch(Port& port) : port_(port) {}

    // Waits up to so long for the link; false when it stays down or Ctrl-C comes.
    bool wait_until_up(double seconds);

    // The present state, looked at no more often than every 10 ms. Reports each change at once.
    bool check(std::uint64_t now);

    // The other end has said that it ends: its link going down is no news then.
    void expect_down(bool expected) { down_expected_ = expected; }

    [[nodiscard]] bool is_up() const { return up_; }
    [[nodiscard]] std::uint64_t downs() const { return downs_; }

  private:
    void went_down(std::uint64_t now);
    void came_up(std::uint64_t now);

    Port& port_;
    bool up_ = false;
    bool down_expected_ = false;
    std::uint64_t next_look_ = 0;
    std::uint64_t down_since_ = 0;
    std::uint64_t downs_ = 0;
};

}  // namespace famez::pingpong
