// SPDX-License-Identifier: BSD-3-Clause
// The end of the program: asked for by a signal, a device that goes, --duration.
#pragma once

#include <atomic>

namespace famez::fwd {

extern std::atomic<bool> stop_flag;

// Any thread.
inline void request_stop() {
    stop_flag.store(true, std::memory_order_relaxed);
}
inline bool stop_requested() {
    return stop_flag.load(std::memory_order_relaxed);
}

}  // namespace famez::fwd
