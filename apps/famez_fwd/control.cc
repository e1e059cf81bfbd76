// SPDX-License-Identifier: BSD-3-Clause
#include "control.h"

#include <algorithm>
#include <csignal>
#include <ctime>

#include "log.h"
#include "stop.h"

namespace famez::fwd {
namespace {

constexpr std::chrono::milliseconds tick_length{50};
constexpr int most_steps = MacTable::lifetime_steps;  // of ageing, in a tick

sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

std::chrono::steady_clock::duration from_seconds(double seconds) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
}

void reload(RouteSource* routes) {
    if (routes == nullptr) {
        note("SIGHUP: without --mode route there is nothing to read again");
        return;
    }
    try {
        routes->reload();
    } catch (const std::exception& error) {
        complain("{}\nthe routes stay as they were", error.what());
    }
}

}  // namespace

void block_signals() {
    const sigset_t set = our_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Control::Control(Engine& engine, View& view)
    : engine_(engine),
      view_(view),
      next_step_(start_ + from_seconds(engine.options().ageing_s / MacTable::lifetime_steps)),
      next_view_(start_ + from_seconds(engine.options().interval_s)),
      shown_(take_snapshot(engine, 0)),
      link_up_(engine.ports().count(), false),
      thread_([this] { run(); }) {}

Control::~Control() {
    request_stop();
    join();
}

void Control::join() {
    if (thread_.joinable()) thread_.join();
}

double Control::seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Control::run() {
    while (!stop_requested()) {
        wait_for_signal();
        tick();
    }
    // The second Ctrl-C finds the default action.
    const sigset_t set = our_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Control::wait_for_signal() {
    const sigset_t set = our_signals();
    const timespec time{0, std::chrono::nanoseconds(tick_length).count()};
    switch (sigtimedwait(&set, nullptr, &time)) {
        case SIGINT:
        case SIGTERM:
            request_stop();
            break;
        case SIGHUP:
            reload(engine_.routes());
            break;
        default:
            break;
    }
}

void Control::tick() {
    const auto now = Clock::now();
    const Options& options = engine_.options();
    watch_links();
    if (RouteSource* const routes = engine_.routes(); routes != nullptr && routes->retire()) {
        note("{}: {} routes in force", routes->path(), routes->shared()->size());
    }
    const auto step = from_seconds(options.ageing_s / MacTable::lifetime_steps);
    // After a halt of the machine nobody is forgotten at once.
    for (int steps = 0; options.ageing_s > 0 && now >= next_step_ && steps < most_steps; ++steps) {
        engine_.table().step();
        next_step_ += step;
    }
    next_step_ = std::max(next_step_, now);
    if (options.duration_s && seconds() >= *options.duration_s) request_stop();
    if (now >= next_view_) {
        next_view_ += from_seconds(options.interval_s);
        show();
    }
}

// Who was behind a link that is down may come back elsewhere.
void Control::watch_links() {
    for (std::uint16_t i = 0; i < engine_.ports().count(); ++i) {
        const bool up = engine_.ports()[i].link_up();
        if (up == link_up_[i]) continue;
        link_up_[i] = up;
        note("port {} ({}): link {}", i, engine_.ports()[i].name(), up ? "up" : "down");
        if (!up) engine_.table().forget_port(i);
    }
}

void Control::show() {
    Snapshot now = take_snapshot(engine_, seconds());
    view_.show(shown_, now);
    shown_ = std::move(now);
}

}  // namespace famez::fwd
