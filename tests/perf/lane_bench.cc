// SPDX-License-Identifier: BSD-3-Clause
//
// The parts of the data path, one at a time: what a lane costs without a driver around it.
// Run with --benchmark_filter=... to pick; two-thread figures depend on how far apart the CPUs are,
// so look at famez_cacheline beside them.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <famez/endpoint.h>
#include <famez/instances.h>

#include "../lib/fabric/fake_transport.h"

namespace {

using famez::RxCounters;
using famez::TxCounters;
using famez::test::FakeFabric;
using famez::test::FakeTransport;
using Fabric = famez::Endpoint<famez::WriteBack>;
using Lane = famez::Producer<famez::WriteBack>;

famez::GeometryRequest default_rings(std::uint32_t ports) {
    famez::GeometryRequest request;
    request.ports = ports;
    return request;
}

void pin(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// A port of the fabric inside this process, started.
struct Station {
    Station(FakeFabric& fabric, std::uint16_t id)
        : transport(fabric, id), endpoint(transport, {}, 0, tx, rx) {
        endpoint.port().set_state(famez::layout::PortState::up);
    }
    TxCounters tx;
    RxCounters rx;
    FakeTransport transport;
    Fabric endpoint;
};

alignas(64) std::array<std::byte, 16384> message{};

// Appends up to `burst` messages; returns how many fitted.
std::uint32_t write_burst(Lane& lane, std::uint32_t size, std::uint32_t burst) {
    Lane::Burst writer(lane);
    std::uint32_t done = 0;
    for (; done < burst; ++done) {
        if (size <= famez::record::small_bytes) {
            if (!writer.append_small(message.data(), size)) break;
        } else {
            std::byte* to = writer.append(size);
            if (to == nullptr) break;
            std::memcpy(to, message.data(), size);
        }
    }
    writer.finish(done);
    return done;
}

std::uint32_t read_burst(Station& station, std::uint32_t burst, std::byte* into) {
    return station.endpoint.receiver().poll(
        burst, [into](const std::byte* payload, std::uint32_t length, std::uint32_t /*flags*/) {
            if (length <= famez::record::small_bytes) {
                std::memcpy(into, payload, famez::record::small_bytes);
            } else {
                std::memcpy(into, payload, length);
            }
            benchmark::DoNotOptimize(into);
            return true;
        });
}

// Opens the lane from `from` to `to`, both in this thread. What an old session left is read first.
Lane& open(Station& from, Station& to) {
    const std::uint32_t id = to.endpoint.port().id();
    std::array<std::byte, 16384> into{};
    while (!from.endpoint.sender().service(id)) {
        to.endpoint.receiver().settle();
        read_burst(to, 32, into.data());
    }
    return from.endpoint.sender().to(id);
}

void count(benchmark::State& state, std::uint64_t messages, std::uint32_t size) {
    state.SetItemsProcessed(static_cast<std::int64_t>(messages));
    state.SetBytesProcessed(static_cast<std::int64_t>(messages * size));
}

// Writes and reads in turn: instructions and copies, no cache line that travels.
void lane_one_thread(benchmark::State& state) {
    const auto size = static_cast<std::uint32_t>(state.range(0));
    const auto burst = static_cast<std::uint32_t>(state.range(1));
    FakeFabric fabric(default_rings(2));
    Station from(fabric, 1);
    Station to(fabric, 2);
    Lane& lane = open(from, to);
    std::vector<std::byte> into(16384);
    std::uint64_t messages = 0;
    for (auto _ : state) {
        messages += write_burst(lane, size, burst);
        read_burst(to, burst, into.data());
    }
    count(state, messages, size);
}
BENCHMARK(lane_one_thread)->ArgsProduct({{8, 64, 256, 1518, 9216}, {1, 32}});

// The time of `work` alone, for benchmarks that have more to do between two turns of it.
template <class Work>
std::uint32_t timed(benchmark::State& state, Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    const std::uint32_t done = work();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    return done;
}

// As many bursts in a row as fit in half of the ring, so that the clock costs little.
std::uint32_t write_row(Lane& lane, std::uint32_t size, std::uint32_t burst) {
    constexpr std::uint32_t bytes = 48 << 10;
    std::uint32_t done = 0;
    for (std::uint32_t there = 0; there + burst * (size + 16) <= bytes; there = done * (size + 16))
        done += write_burst(lane, size, burst);
    return done;
}

std::uint32_t read_row(Station& station, std::uint32_t burst, std::uint32_t wanted,
                       std::byte* into) {
    std::uint32_t done = 0;
    while (done < wanted)
        done += read_burst(station, burst, into);
    return done;
}

enum class Half { write, read };

// The two halves of the above, each by itself.
template <Half half>
void lane_half(benchmark::State& state) {
    const auto size = static_cast<std::uint32_t>(state.range(0));
    const auto burst = static_cast<std::uint32_t>(state.range(1));
    FakeFabric fabric(default_rings(2));
    Station from(fabric, 1);
    Station to(fabric, 2);
    Lane& lane = open(from, to);
    std::vector<std::byte> into(16384);
    std::uint64_t messages = 0;
    for (auto _ : state) {
        if constexpr (half == Half::write) {
            const std::uint32_t written =
                timed(state, [&] { return write_row(lane, size, burst); });
            messages += read_row(to, burst, written, into.data());
        } else {
            const std::uint32_t written = write_row(lane, size, burst);
            messages += timed(state, [&] { return read_row(to, burst, written, into.data()); });
        }
    }
    count(state, messages, size);
}
BENCHMARK(lane_half<Half::write>)
    ->Name("lane_write")
    ->ArgsProduct({{8, 64, 256, 1518}, {1, 8, 32}})
    ->UseManualTime();
BENCHMARK(lane_half<Half::read>)
    ->Name("lane_read")
    ->ArgsProduct({{8, 64, 256, 1518}, {1, 8, 32}})
    ->UseManualTime();

// The message API, a message at a time, and what looks at it where it lies.
void endpoint_send(benchmark::State& state) {
    const auto size = static_cast<std::uint32_t>(state.range(0));
    FakeFabric fabric(default_rings(2));
    Station from(fabric, 1);
    Station to(fabric, 2);
    open(from, to);
    const std::vector<std::byte> payload(size);
    std::uint64_t messages = 0;
    for (auto _ : state) {
        from.endpoint.send(2, payload);
        messages += to.endpoint.receiver().poll(
            32, [](const std::byte* data, std::uint32_t /*length*/, std::uint32_t /*flags*/) {
                benchmark::DoNotOptimize(data);
                return true;
            });
    }
    count(state, messages, size);
}
BENCHMARK(endpoint_send)->Arg(8)->Arg(64)->Arg(1518)->Arg(9216)->Arg(65000);

// A writer on CPU 1, the reader measured on CPU 0.
void lane_two_threads(benchmark::State& state) {
    const auto size = static_cast<std::uint32_t>(state.range(0));
    const auto burst = static_cast<std::uint32_t>(state.range(1));
    FakeFabric fabric(default_rings(2));
    Station from(fabric, 1);
    Station to(fabric, 2);
    Lane& lane = open(from, to);
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        pin(1);
        while (!stop.load(std::memory_order_relaxed))
            write_burst(lane, size, burst);
    });
    pin(0);
    std::vector<std::byte> into(16384);
    std::uint64_t messages = 0;
    for (auto _ : state)
        messages += read_burst(to, burst, into.data());
    stop = true;
    writer.join();
    count(state, messages, size);
}
BENCHMARK(lane_two_threads)->ArgsProduct({{64, 1518, 9216}, {1, 32}})->UseRealTime();

// Ask, answer, open, close: what a newcomer costs.
void handshake(benchmark::State& state) {
    FakeFabric fabric(default_rings(2));
    Station from(fabric, 1);
    Station to(fabric, 2);
    for (auto _ : state) {
        Lane& lane = open(from, to);
        lane.close();
    }
}
BENCHMARK(handshake);

// A poll that finds nothing, with this many open and quiet lanes.
void poll_idle(benchmark::State& state) {
    const auto peers = static_cast<std::uint32_t>(state.range(0));
    FakeFabric fabric(default_rings(peers + 1));
    Station to(fabric, 1);
    std::vector<std::unique_ptr<Station>> stations;
    for (std::uint32_t id = 2; id <= peers + 1; ++id) {
        stations.push_back(std::make_unique<Station>(fabric, static_cast<std::uint16_t>(id)));
        open(*stations.back(), to);
    }
    std::vector<std::byte> into(16384);
    for (auto _ : state)
        benchmark::DoNotOptimize(read_burst(to, 32, into.data()));
}
BENCHMARK(poll_idle)->Arg(1)->Arg(8)->Arg(61);

// The same of a queue that has this many lane numbers, none of them open.
void poll_lanes(benchmark::State& state) {
    const auto lanes = static_cast<std::uint32_t>(state.range(0));
    famez::GeometryRequest request = default_rings(14);
    request.lanes = lanes;
    request.ring_bytes = 4096;
    FakeFabric fabric(request);
    FakeTransport transport(fabric, 1);
    std::vector<TxCounters> tx(lanes);
    std::vector<RxCounters> rx(lanes);
    famez::PortOptions options;
    options.lanes = lanes;
    Fabric endpoint(transport, options, 0, std::span(tx), std::span(rx));
    const auto ignore = [](const std::byte*, std::uint32_t, std::uint32_t) { return true; };
    for (auto _ : state)
        benchmark::DoNotOptimize(endpoint.queue(0).poll(32, ignore));
}
BENCHMARK(poll_lanes)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
