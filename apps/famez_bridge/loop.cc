// SPDX-License-Identifier: BSD-3-Clause
#include "loop.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace famez::bridge {
namespace {

constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

void check(int result, const char* what) {
    if (result < 0) {
        throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(-result)));
    }
}

void act(void* action) {
    (*static_cast<Source::Action*>(action))();
}

}  // namespace

void Source::enable(bool on) {
    if (!on) {
        sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
        return;
    }
    if (period_us_ != 0) {
        // One that runs goes on: who enables it again and again must not put it off for ever.
        int state = SD_EVENT_OFF;
        if (sd_event_source_get_enabled(source_.get(), &state) > 0) return;
        sd_event_source_set_time_relative(source_.get(), period_us_);
    }
    sd_event_source_set_enabled(source_.get(), period_us_ != 0 ? SD_EVENT_ONESHOT : SD_EVENT_ON);
}

Loop::Loop() {
    sd_event* event = nullptr;
    check(sd_event_new(&event), "the event loop cannot be made");
    event_.reset(event);
}

Source Loop::watch(int fd, std::uint32_t events, Source::Action action) {
    Source made;
    made.action_ = std::make_unique<Source::Action>(std::move(action));
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, int, std::uint32_t, void* to) {
        act(to);
        return 0;
    };
    check(sd_event_add_io(event_.get(), &source, fd, events, callback, made.action_.get()),
          "a descriptor cannot be waited for");
    made.source_.reset(source);
    return made;
}

Source Loop::timer(std::uint64_t period_us, Source::Action action) {
    Source made;
    made.action_ = std::make_unique<Source::Action>(std::move(action));
    made.period_us_ = period_us;
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, std::uint64_t, void* to) {
        act(to);
        return 0;
    };
    // The least accuracy that is not "whatever saves power".
    check(sd_event_add_time_relative(event_.get(), &source, CLOCK_MONOTONIC, period_us, 1, callback,
                                     made.action_.get()),
          "a timer cannot be made");
    made.source_.reset(source);
    made.enable(false);
    return made;
}

void Loop::stop_at_signals() {
    for (const int number : stop_signals) {
        check(sd_event_add_signal(event_.get(), nullptr, number, nullptr, nullptr),
              "a signal cannot be waited for");
    }
}

int Loop::run() {
    const int status = sd_event_loop(event_.get());
    check(status, "the event loop ended");
    return status;
}

void Loop::stop(int status) {
    sd_event_exit(event_.get(), status);
}

void block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : stop_signals)
        sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace famez::bridge
