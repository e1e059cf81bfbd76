// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <fmt/chrono.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace famez::pingpong {
namespace {

bool quiet_notes = false;

// Nobody may be reading: that is no reason to end, and fmt::print would throw.
void put(const std::string& line) {
    std::fputs(line.c_str(), stderr);
}

}  // namespace

void set_quiet(bool quiet) {
    quiet_notes = quiet;
}

void write_note(std::string_view text) {
    if (quiet_notes) return;
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    put(fmt::format("{:%H:%M:%S}.{:03} {}\n",
                    fmt::localtime(std::chrono::system_clock::to_time_t(now)), ms.count() % 1000,
                    text));
}

void write_complaint(std::string_view text) {
    std::fflush(stdout);
    put(fmt::format("famez_pingpong: {}\n", text));
}

}  // namespace famez::pingpong
