// SPDX-License-Identifier: BSD-3-Clause
#include "stop.h"

#include <atomic>
#include <csignal>

namespace famez::client {
namespace {

std::atomic<bool> stop_flag{false};
std::atomic<bool> end_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // so a signal handler may

void on_signal(int number) {
    if (number != SIGINT) end_flag.store(true, std::memory_order_relaxed);
    if (!stop_flag.exchange(true, std::memory_order_relaxed)) return;
    ::signal(number, SIG_DFL);
    ::raise(number);
}

}  // namespace

void install_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
    }
    // Who reads our output may go away: the next line printed notices.
    ::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() {
    return stop_flag.load(std::memory_order_relaxed);
}

void clear_stop() {
    if (!end_requested()) stop_flag.store(false, std::memory_order_relaxed);
}

bool end_requested() {
    return end_flag.load(std::memory_order_relaxed);
}

void request_end() {
    end_flag.store(true, std::memory_order_relaxed);
    stop_flag.store(true, std::memory_order_relaxed);
}

}  // namespace famez::client
