// SPDX-License-Identifier: BSD-3-Clause
#include "watch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <exception>

namespace famez {
namespace {

constexpr std::int64_t behind_everybody = SD_EVENT_PRIORITY_NORMAL + 2;

// Callbacks are called by C: no exception may pass.
int guarded(Log& log, const std::function<void()>& call) {
    try {
        call();
    } catch (const std::exception& error) {
        log.event("an inquiry failed: {}", error.what());
    }
    return 0;
}

}  // namespace

IoWatch::IoWatch(sd_event* loop, Log& log, int fd, std::function<void()> call)
    : log_(log), call_(std::move(call)) {
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, int, std::uint32_t, void* self) {
        auto& watch = *static_cast<IoWatch*>(self);
        return guarded(watch.log_, watch.call_);
    };
    check_event(sd_event_add_io(loop, &source, fd, EPOLLIN, callback, this),
                "a descriptor cannot be watched");
    source_.reset(source);
    check_event(sd_event_source_set_priority(source, behind_everybody),
                "a descriptor cannot be watched");
}

void IoWatch::enable(bool on) {
    sd_event_source_set_enabled(source_.get(), on ? SD_EVENT_ON : SD_EVENT_OFF);
}

TimerWatch::TimerWatch(sd_event* loop, Log& log, std::function<void()> call)
    : log_(log), call_(std::move(call)) {
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, std::uint64_t, void* self) {
        auto& watch = *static_cast<TimerWatch*>(self);
        return guarded(watch.log_, watch.call_);
    };
    // An accuracy of 1 us: sd-event's own default is a quarter of a second.
    check_event(sd_event_add_time(loop, &source, CLOCK_MONOTONIC, 0, 1, callback, this),
                "a timer cannot be made");
    source_.reset(source);
    stop();
    check_event(sd_event_source_set_priority(source, behind_everybody), "a timer cannot be made");
}

void TimerWatch::fire_in(std::chrono::nanoseconds delay) {
    const auto us = std::chrono::ceil<std::chrono::microseconds>(delay).count();
    sd_event_source_set_time_relative(source_.get(),
                                      static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
    sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

void TimerWatch::stop() {
    sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
}

}  // namespace famez
