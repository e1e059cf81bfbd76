// SPDX-License-Identifier: BSD-3-Clause
// What a receiver sleeps on.
#pragma once

#include <string>

namespace famez::pingpong {

class Interrupt {
  public:
    Interrupt() = default;
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    virtual ~Interrupt() = default;

    [[nodiscard]] virtual bool works() const = 0;
    // Why it does not.
    [[nodiscard]] virtual const std::string& reason() const = 0;

    // Waits up to so long for a message; false when none came. May end early without one.
    virtual bool wait(double seconds) = 0;
};

}  // namespace famez::pingpong
