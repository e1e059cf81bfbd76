// SPDX-License-Identifier: BSD-3-Clause
// How much of a CPU the program uses.
#pragma once

#include <optional>

namespace famez::pingpong {

class CpuUse {
  public:
    void start();
    void forget() { start_.reset(); }

    // Of one CPU, since the start, all threads together; nothing without a start.
    [[nodiscard]] std::optional<double> percent() const;

  private:
    struct Reading {
        double cpu_s;
        double wall_s;
    };
    static Reading read();

    std::optional<Reading> start_;
};

}  // namespace famez::pingpong
