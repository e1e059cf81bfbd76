// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <poll.h>
#include <unistd.h>

namespace famez {

void Log::tick() {
    if (allowance_ < burst_lines) ++allowance_;
    if (suppressed_ == 0 || allowance_ < burst_lines / 2) return;
    const std::uint64_t quiet = std::exchange(suppressed_, 0);
    write(fmt::format("{} more lines like these were not printed", quiet));
}

bool Log::admit() {
    if (allowance_ == 0) {
        ++suppressed_;
        return false;
    }
    --allowance_;
    return true;
}

void Log::write(const std::string& line) {
    const std::string text = "famez_server: " + line + "\n";
    // A reader of our standard error that stopped reading must not stop the fabric. A pipe that
    // polls as writable takes a line of this length without blocking.
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) {
        ++suppressed_;
        return;
    }
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace famez
