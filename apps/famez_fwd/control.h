// SPDX-License-Identifier: BSD-3-Clause
// Everything that is not forwarding: signals, --duration, ageing, links that go down, new routes,
// the view. One thread, which wakes a few times a second.
#pragma once

#include <chrono>
#include <thread>

#include "engine.h"
#include "view.h"

namespace famez::fwd {

// Before EAL starts: its threads, and ours, are to leave our signals to the control's thread.
void block_signals();

class Control {
  public:
    Control(Engine& engine, View& view);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // After the stop and the last worker's end.
    void join();
    [[nodiscard]] double seconds() const;

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    void wait_for_signal();
    void tick();
    void watch_links();
    void show();

    Engine& engine_;
    View& view_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_step_;
    Clock::time_point next_view_;
    Snapshot shown_;
    std::vector<bool> link_up_;
    std::thread thread_;
};

}  // namespace famez::fwd
