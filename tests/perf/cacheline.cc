// SPDX-License-Identifier: BSD-3-Clause
// Two pinned threads pass one cache line to and fro. Prints the median round trip in nanoseconds, a
// plain number: the floor under every message between these two CPUs at this moment. On a virtual
// machine it wanders, so figures are compared only with this stamp beside them
// (doc/famez_pingpong.md).
//
// Usage: famez_cacheline [CPU-A [CPU-B]]     (0 and 1 if not given)
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t rounds_per_sample = 1000;
constexpr std::size_t sample_count = 301;
constexpr std::size_t warm_up_samples = 50;
constexpr std::uint64_t stop_word = UINT64_MAX;

// One line and nothing else on it; two, because CPUs fetch lines in pairs.
struct alignas(128) Line {
    std::atomic<std::uint64_t> word{0};
};

bool pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    if (error != 0) {
        fmt::print(stderr,
                   "famez_cacheline: cannot run on CPU {}: {}; lscpu shows which there are\n", cpu,
                   std::strerror(error));
    }
    return error == 0;
}

// Turns every odd number into the next even one.
void answer(Line& line, int cpu, std::atomic<int>& ready) {
    ready = pin(cpu) ? 1 : -1;
    if (ready < 0) return;
    for (std::uint64_t expected = 1;; expected += 2) {
        std::uint64_t seen;
        while ((seen = line.word.load(std::memory_order_acquire)) != expected) {
            if (seen == stop_word) return;
        }
        line.word.store(expected + 1, std::memory_order_release);
    }
}

double sample(Line& line, std::uint64_t& next) {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < rounds_per_sample; ++i) {
        line.word.store(next, std::memory_order_release);
        while (line.word.load(std::memory_order_acquire) != next + 1) {
        }
        next += 2;
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    return time.count() / rounds_per_sample;
}

bool measure(int cpu_a, int cpu_b, double& median) {
    Line line;
    std::atomic<int> ready{0};
    std::thread partner(answer, std::ref(line), cpu_b, std::ref(ready));
    const bool pinned = pin(cpu_a);
    while (ready == 0)
        std::this_thread::yield();
    std::vector<double> samples;
    if (pinned && ready > 0) {
        std::uint64_t next = 1;
        for (std::size_t i = 0; i < warm_up_samples; ++i)
            sample(line, next);
        for (std::size_t i = 0; i < sample_count; ++i)
            samples.push_back(sample(line, next));
    }
    line.word.store(stop_word, std::memory_order_release);
    partner.join();
    if (samples.empty()) return false;
    auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    median = *middle;
    return true;
}

bool read_cpu(const char* text, int& cpu) {
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, cpu);
    return error == std::errc{} && rest == end && cpu >= 0 && cpu < CPU_SETSIZE;
}

}  // namespace

int main(int argc, char** argv) {
    int cpu_a = 0;
    int cpu_b = 1;
    const bool good = argc <= 3 && (argc < 2 || read_cpu(argv[1], cpu_a)) &&
                      (argc < 3 || read_cpu(argv[2], cpu_b)) && cpu_a != cpu_b;
    if (!good) {
        fmt::print(stderr,
                   "usage: famez_cacheline [CPU-A [CPU-B]]   two different CPUs, default 0 1\n");
        return 2;
    }
    double median = 0;
    if (!measure(cpu_a, cpu_b, median)) return 1;
    fmt::print("{:.1f}\n", median);
    return 0;
}
