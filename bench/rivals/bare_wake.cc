// SPDX-License-Identifier: BSD-3-Clause
// The floor of a wake: a process asleep in epoll_wait, an eventfd, and an answer through a cache
// line to one that spins. As famez_pingpong's ping at a rate with a pong that sleeps, without the
// message. One program, both ends: famez_bare_wake CPU-ASLEEP CPU-AWAKE A-SECOND SECONDS
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>

#include "contest.h"

namespace famez::rivals {
namespace {

struct alignas(128) Line {
    std::atomic<std::uint64_t> answered{0};
};

[[noreturn]] void sleep_and_answer(int bell, Line& line, std::uint32_t cpu) {
    pingpong::pin_to(cpu);
    const int set = epoll_create1(0);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    epoll_ctl(set, EPOLL_CTL_ADD, bell, &wanted);
    for (;;) {
        epoll_event event;
        if (epoll_wait(set, &event, 1, -1) != 1) continue;
        eventfd_t rings = 0;
        eventfd_read(bell, &rings);
        line.answered.fetch_add(rings, std::memory_order_release);
    }
}

void wake(int bell, Line& line, double rate, double seconds) {
    const auto times = std::make_unique<pingpong::Histogram>();
    const std::uint64_t step = pingpong::to_cycles(1 / rate);
    std::uint64_t due = pingpong::now_cycles() + step;
    const std::uint64_t end = due + pingpong::to_cycles(seconds);
    for (std::uint64_t number = 1; due < end; ++number, due += step) {
        while (pingpong::now_cycles() < due) {
        }
        const std::uint64_t before = pingpong::now_cycles();
        eventfd_write(bell, 1);
        while (line.answered.load(std::memory_order_acquire) != number) {
        }
        times->record(pingpong::now_cycles() - before);
    }
    Options options;
    options.role = Role::ping;
    options.size = 0;
    print("eventfd and epoll", options, {times->count(), seconds, times.get()});
}

int run(std::uint32_t asleep, std::uint32_t awake, double rate, double seconds) {
    void* const memory =
        mmap(nullptr, sizeof(Line), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail_with_errno("mmap");
    auto& line = *new (memory) Line;
    const int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell < 0) fail_with_errno("eventfd");
    const pid_t sleeper = fork();
    if (sleeper < 0) fail_with_errno("fork");
    if (sleeper == 0) sleep_and_answer(bell, line, asleep);
    pingpong::pin_to(awake);
    pingpong::start_clock();
    wake(bell, line, rate, seconds);
    kill(sleeper, SIGKILL);
    waitpid(sleeper, nullptr, 0);
    return 0;
}

template <class Number>
bool read(const char* text, Number& number) {
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, number);
    return error == std::errc{} && rest == end && number >= 0;
}

}  // namespace
}  // namespace famez::rivals

int main(int argc, char** argv) {
    using namespace famez::rivals;
    std::uint32_t asleep = 0;
    std::uint32_t awake = 0;
    double rate = 0;
    double seconds = 0;
    if (argc != 5 || !read(argv[1], asleep) || !read(argv[2], awake) || !read(argv[3], rate) ||
        !read(argv[4], seconds) || rate == 0) {
        fmt::print(stderr, "usage: famez_bare_wake CPU-ASLEEP CPU-AWAKE A-SECOND SECONDS\n");
        return 2;
    }
    try {
        return run(asleep, awake, rate, seconds);
    } catch (const std::exception& error) {
        fmt::print(stderr, "famez_bare_wake: {}\n", error.what());
        return 1;
    }
}
