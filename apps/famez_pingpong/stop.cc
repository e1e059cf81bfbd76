// SPDX-License-Identifier: BSD-3-Clause
#include "stop.h"

#include <atomic>
#include <csignal>

namespace famez::pingpong {
namespace {

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // so a signal handler may

void on_signal(int /*signal*/) {
    request_stop();
}

}  // namespace

void install_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    // One shot: the second signal finds the default action.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

void request_stop() {
    stop_flag.store(true, std::memory_order_relaxed);
}

bool stop_requested() {
    return stop_flag.load(std::memory_order_relaxed);
}

}  // namespace famez::pingpong
