// SPDX-License-Identifier: BSD-3-Clause
//
// A receiver that sleeps whenever nothing is there, against a sender, a hostile port that steals
// its doorbells, and senders that die at the worst places: no sleep on pending data that nothing
// ends.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "endpoint_fixture.h"

namespace famez::test {
namespace {

bool long_version() {
    const char* wanted = std::getenv("FAMEZ_TEST_LONG");
    return wanted != nullptr && std::string(wanted) == "1";
}

std::uint64_t& sleeping_word(FakeFabric& fabric) {
    return at<layout::SleepLine>(fabric.region(), fabric.geometry().sleep_offset(1, 0)).sleeping;
}

// Port 1: sleeps at each empty poll. Its control thread ticks far more often than a real one.
class SleepyReceiver {
  public:
    explicit SleepyReceiver(FakeFabric& fabric) : port_(fabric, 1) {
        port_.endpoint.port().set_capabilities(layout::cap_may_sleep);
        control_ = std::thread([this] {
            while (!stop_) {
                port_.endpoint.tick();
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        });
    }
    SleepyReceiver(const SleepyReceiver&) = delete;
    SleepyReceiver& operator=(const SleepyReceiver&) = delete;
    ~SleepyReceiver() {
        stop_ = true;
        control_.join();
    }

    // Until `count` messages have come in all; false when a sleep has no end.
    bool take(std::uint64_t count) {
        Sleeper& sleeper = port_.endpoint.sleeper();
        while (taken_ < count) {
            const std::uint32_t came = port_.poll();
            taken_ += came;
            if (came != 0) continue;
            sleeper.fall_asleep(port_.endpoint.receiver());
            pollfd bell{sleeper.fd(), POLLIN, 0};
            const bool rung = ::poll(&bell, 1, patience_ms) == 1;
            sleeper.wake_up();
            if (!rung) return false;
        }
        return true;
    }

    [[nodiscard]] std::uint64_t taken() const { return taken_; }
    [[nodiscard]] const RxCounters& counters() const { return port_.rx; }

  private:
    static constexpr int patience_ms = 30'000;

    TestPort port_;
    std::atomic<std::uint64_t> taken_{0};
    std::atomic<bool> stop_{false};
    std::thread control_;
};

TEST(SleepStress, NoDoorbellIsMissed) {
    const std::uint64_t rounds = long_version() ? 100'000 : 2'000;
    FakeFabric fabric;
    SleepyReceiver receiver(fabric);
    std::atomic<bool> stop{false};
    std::thread sender([&] {
        TestPort port(fabric, 2);
        std::minstd_rand random(1);
        for (std::uint64_t i = 0; i < rounds && !stop; ++i) {
            while (!port.send(1, "a") && !stop)
                port.endpoint.tick();
            while (receiver.taken() <= i && !stop)
                std::this_thread::yield();
            // Now before the word is set, now behind it.
            for (std::uint32_t spin = random() % 20'000; spin != 0; --spin)
                asm volatile("");
        }
    });
    std::thread thief([&] {
        std::minstd_rand random(2);
        while (!stop) {
            drain_eventfd(fabric.eventfd(1));
            if (random() % 4 == 0) store_relaxed(sleeping_word(fabric), std::uint64_t{0});
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
        }
    });
    EXPECT_TRUE(receiver.take(rounds));
    stop = true;
    sender.join();
    thief.join();
    EXPECT_GT(receiver.counters().sleeps, rounds / 2);
}

// A process that attaches as port 2, sends one message, and dies on the way to ring for it.
class DyingTransport final : public FakeTransport {
  public:
    enum class Death : std::uint8_t { before_the_ring, behind_the_ring };

    DyingTransport(FakeFabric& fabric, Death death) : FakeTransport(fabric, 2), death_(death) {}
    void arm() { armed_ = true; }

    bool ring(std::uint16_t peer, std::uint16_t vector) override {
        if (armed_ && death_ == Death::before_the_ring) ::raise(SIGKILL);
        const bool rung = FakeTransport::ring(peer, vector);
        if (armed_) ::raise(SIGKILL);
        return rung;
    }

  private:
    Death death_;
    bool armed_ = false;
};

[[noreturn]] void send_and_die(FakeFabric& fabric, DyingTransport::Death death) {
    DyingTransport transport(fabric, death);
    TxCounters tx;
    RxCounters rx;
    Endpoint<WriteBack> endpoint(transport, {}, 0, tx, rx);
    endpoint.port().set_state(layout::PortState::up);
    while (!endpoint.sender().service(1))
        endpoint.tick();
    while (load_relaxed(sleeping_word(fabric)) == 0)
        std::this_thread::yield();
    transport.arm();
    const std::string message = "last words";
    endpoint.send(1, std::as_bytes(std::span(message)));
    // The receiver woke by its timer in between, and was not rung: an end like any other.
    ::raise(SIGKILL);
    std::abort();
}

class SenderDies : public testing::TestWithParam<DyingTransport::Death> {};

TEST_P(SenderDies, AndItsMessageIsTaken) {
    const std::uint64_t rounds = long_version() ? 1'000 : 20;
    FakeFabric fabric;
    SleepyReceiver receiver(fabric);
    for (std::uint64_t i = 1; i <= rounds; ++i) {
        fabric.server().assign(2);
        const pid_t child = ::fork();
        ASSERT_NE(child, -1);
        if (child == 0) send_and_die(fabric, GetParam());
        ASSERT_TRUE(receiver.take(i));
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        fabric.server().end(2);
    }
}

INSTANTIATE_TEST_SUITE_P(Places, SenderDies,
                         testing::Values(DyingTransport::Death::before_the_ring,
                                         DyingTransport::Death::behind_the_ring),
                         [](const auto& test) {
                             return test.param == DyingTransport::Death::before_the_ring
                                        ? "BetweenCommitAndRing"
                                        : "BetweenRingAndCompareAndSwap";
                         });

}  // namespace
}  // namespace famez::test
