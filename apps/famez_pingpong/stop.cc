// SPDX-License-Identifier: BSD-3-Clause
#include "stop.h"

#include <csignal>

namespace famez::pingpong {
namespace {

volatile std::sig_atomic_t stop_flag = 0;

void on_signal(int /*signal*/) {
    stop_flag = 1;
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

bool stop_requested() {
    return stop_flag != 0;
}

}  // namespace famez::pingpong
