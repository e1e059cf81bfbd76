// SPDX-License-Identifier: BSD-3-Clause
#include "cpu_use.h"

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>

namespace famez::pingpong {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

CpuUse::Reading CpuUse::read() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
    return {seconds(use.ru_utime) + seconds(use.ru_stime), wall.count()};
}

void CpuUse::start() {
    start_ = read();
}

std::optional<double> CpuUse::percent() const {
    if (!start_) return std::nullopt;
    const Reading now = read();
    const double wall = now.wall_s - start_->wall_s;
    if (wall <= 0) return std::nullopt;
    return 100 * (now.cpu_s - start_->cpu_s) / wall;
}

}  // namespace famez::pingpong
