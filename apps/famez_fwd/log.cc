// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <atomic>
#include <cstdio>
#include <string>

namespace famez::fwd {
namespace {

std::atomic<bool> quiet_notes{false};

// Nobody may be reading: that is no reason to end, and fmt::print would throw.
void put(std::string_view text) {
    const std::string line = fmt::format("famez_fwd: {}\n", text);
    std::fputs(line.c_str(), stderr);
}

}  // namespace

void set_quiet(bool quiet) {
    quiet_notes.store(quiet, std::memory_order_relaxed);
}

void write_note(std::string_view text) {
    if (!quiet_notes.load(std::memory_order_relaxed)) put(text);
}

void write_complaint(std::string_view text) {
    put(text);
}

}  // namespace famez::fwd
