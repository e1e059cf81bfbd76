// SPDX-License-Identifier: BSD-3-Clause
// sd-event with owners and std::function.
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace famez::bridge {

// Something that the loop waits for; forgotten on destruction.
class Source {
  public:
    using Action = std::function<void()>;

    void enable(bool on);

  private:
    friend class Loop;
    struct Unref {
        void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
    };
    // At an address of its own: sd-event keeps it. First, as it is to go last.
    std::unique_ptr<Action> action_;
    std::unique_ptr<sd_event_source, Unref> source_;
    std::uint64_t period_us_ = 0;  // a timer
};

class Loop {
  public:
    // Throws std::runtime_error, as all that makes sources.
    Loop();

    // Each time that `fd` is ready for `events` (EPOLLIN, EPOLLOUT).
    [[nodiscard]] Source watch(int fd, std::uint32_t events, Source::Action action);
    // Enabled: once, after `period_us`; the action enables it again if it wants. Not enabled yet.
    [[nodiscard]] Source timer(std::uint64_t period_us, Source::Action action);
    // These signals, which every thread blocks, end the loop well.
    void stop_at_signals();

    // Until stop(); returns its status.
    int run();
    void stop(int status);

  private:
    struct Unref {
        void operator()(sd_event* event) const { sd_event_unref(event); }
    };
    std::unique_ptr<sd_event, Unref> event_;
};

// SIGINT, SIGTERM and SIGHUP, in this thread and in those that it makes from now on: only the loop
// is to get them.
void block_stop_signals();

}  // namespace famez::bridge
