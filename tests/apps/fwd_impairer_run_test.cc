// SPDX-License-Identifier: BSD-3-Clause
// What holds for an emulated wire whatever it does: it is reproducible, and nothing gets lost in
// it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <vector>

#include "fwd_wire.h"

namespace famez::fwd {
namespace {

const Impairment everything{.delay_us = 30,
                            .jitter_us = 20,
                            .rate_bps = 1e9,
                            .loss = 0.05,
                            .duplicate = 0.05,
                            .reorder = 0.1,
                            .reorder_by = 3};

struct Course {
    std::vector<Fate> fates;
    Numbers order;
    bool operator==(const Course&) const = default;
};

// The same arrivals each time; released as `poll` says: how many at most, at the time of a frame.
Course run(const Impairment& impairment, std::uint64_t seed,
           const std::function<std::uint32_t(std::uint64_t)>& poll) {
    Impairer wire = make(impairment, seed);
    Course result;
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
        // Pauses of 20 ms, so that some frames wait for those behind them in vain.
        const std::uint64_t now = i * us + i / 500 * 20 * ms;
        const bool copy = wire.duplicates();
        result.fates.push_back(wire.offer(frame(i), 64 + i % 1000, now));
        if (copy) result.fates.push_back(wire.offer(frame(i + second), 64 + i % 1000, now));
        append(result.order, release(wire, now, poll(i)));
    }
    append(result.order, drain(wire));
    return result;
}

TEST(Impairer, TheSameSeedGivesTheSameHoweverOftenItIsPolled) {
    const Course first = run(everything, 7, [](auto) { return 32; });
    EXPECT_EQ(first, run(everything, 7, [](auto) { return 32; }));
    EXPECT_EQ(first, run(everything, 7, [](auto) { return 0; }));
    EXPECT_EQ(first, run(everything, 7, [](auto i) { return i % 1000 == 0 ? 5000 : 0; }));
    EXPECT_EQ(first, run(everything, 7, [](auto i) { return i * 7919 % 13 == 0 ? 9 : 1; }));
    EXPECT_NE(first.fates, run(everything, 8, [](auto) { return 32; }).fates);
}

TEST(Impairer, BeingFullDoesNotChangeWhichAreLost) {
    Impairment small = everything;
    small.limit = 10;
    const Course all = run(everything, 7, [](auto) { return 32; });
    const Course few = run(small, 7, [](auto) { return 32; });
    ASSERT_EQ(all.fates.size(), few.fates.size());
    std::uint64_t full = 0;
    for (std::size_t i = 0; i < all.fates.size(); ++i) {
        EXPECT_EQ(all.fates[i] == Fate::lost, few.fates[i] == Fate::lost);
        full += few.fates[i] == Fate::full ? 1 : 0;
    }
    EXPECT_GT(full, 100U);
}

TEST(Impairer, TheSeedGivesTheSameOnEveryMachine) {
    Impairer wire = make({.loss = 0.01}, 42);
    Numbers lost;
    for (std::uint64_t i = 1; lost.size() < 5; ++i) {
        if (wire.offer(frame(i), 64, i) == Fate::lost) lost.push_back(i);
        release(wire, i);
    }
    EXPECT_EQ(lost, (Numbers{184, 576, 853, 1031, 1043}));
}

Impairment random_impairment(std::mt19937_64& random) {
    const auto maybe = [&random](double value) {
        return random() % 2 == 0 ? 0 : value * static_cast<double>(random() % 1000) / 1000;
    };
    return {.delay_us = maybe(100),
            .jitter_us = maybe(100),
            .rate_bps = maybe(1e10),
            .loss = maybe(0.2),
            .duplicate = maybe(0.2),
            .reorder = maybe(1),
            .reorder_by = static_cast<std::uint32_t>(1 + random() % 20),
            .limit = static_cast<std::uint32_t>(1 + random() % 300)};
}

// A wire and what has to be true of it at all times.
class Checked {
  public:
    explicit Checked(std::mt19937_64& random)
        : impairment_(random_impairment(random)), wire_(make(impairment_, random())) {}

    void offer(std::uint32_t bytes, std::uint64_t now) {
        if (impairment_.duplicate > 0 && wire_.duplicates()) offer_one(bytes, now);
        offer_one(bytes, now);
    }

    void release(std::uint32_t most, std::uint64_t now) {
        const std::uint64_t due = wire_.next_due();
        const Numbers out = fwd::release(wire_, now, most);
        EXPECT_EQ(out.empty(), due > now || most == 0);
        EXPECT_LE(out.size(), most);
        // Either there was no more room, or nothing more is due.
        EXPECT_TRUE(out.size() == most || wire_.next_due() > now);
        for (const std::uint64_t number : out)
            take(number, now);
        released_ += out.size();
        check();
    }

    void end() {
        std::array<void*, 7> out{};
        while (const std::uint32_t count = wire_.empty_into(out.data(), out.size()))
            released_ += count;
        EXPECT_EQ(wire_.held(), 0U);
        check();
    }

  private:
    void offer_one(std::uint32_t bytes, std::uint64_t now) {
        came_.push_back(now);
        gone_.push_back(false);
        const std::uint32_t held = wire_.held();
        switch (wire_.offer(frame(came_.size()), bytes, now)) {
            case Fate::held:
                EXPECT_LT(held, impairment_.limit);
                break;
            case Fate::lost:
                EXPECT_GT(impairment_.loss, 0.0);
                ++refused_;
                break;
            case Fate::full:
                EXPECT_EQ(held, impairment_.limit);
                ++refused_;
                break;
        }
        check();
    }

    void take(std::uint64_t number, std::uint64_t now) {
        ASSERT_FALSE(gone_.at(number - 1)) << "twice";
        gone_[number - 1] = true;
        EXPECT_GE(now, came_[number - 1]);
        if (impairment_.reorder == 0) {
            EXPECT_GT(number, last_);
        }
        last_ = number;
    }

    void check() const {
        EXPECT_EQ(came_.size(), released_ + refused_ + wire_.held());
        EXPECT_LE(wire_.held(), impairment_.limit);
        EXPECT_EQ(wire_.held() == 0, wire_.next_due() == Impairer::nothing_due);
    }

    Impairment impairment_;
    Impairer wire_;
    Numbers came_;
    std::vector<bool> gone_;
    std::uint64_t released_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t last_ = 0;
};

// Wires of all kinds, each with many times as many frames as its rings have places.
TEST(Impairer, AddsUpWhateverIsDone) {
    std::mt19937_64 random(20);
    for (int round = 0; round < 100 && !HasFailure(); ++round) {
        Checked wire(random);
        std::uint64_t now = second;
        for (int step = 0; step < 5000; ++step) {
            now += random() % 3 == 0 ? random() % (2 * us) : 0;
            if (random() % 500 == 0) now += 11 * ms;
            if (random() % 3 != 0) {
                wire.offer(static_cast<std::uint32_t>(64 + random() % 1400), now);
            } else {
                wire.release(static_cast<std::uint32_t>(random() % 64), now);
            }
        }
        wire.end();
    }
}

TEST(Impairer, RunsLong) {
    constexpr std::uint64_t samples = 3'000'000;
    Impairer wire = make({.delay_us = 3, .limit = 5});
    std::uint64_t next = 1;
    std::array<void*, 8> out{};
    for (std::uint64_t i = 1; i <= samples; ++i) {
        ASSERT_EQ(wire.offer(frame(i), 64, i * us), Fate::held);
        const std::uint32_t count = wire.release(out.data(), 8, i * us);
        for (std::uint32_t k = 0; k < count; ++k)
            ASSERT_EQ(out[k], frame(next++));
        ASSERT_EQ(wire.held(), std::min<std::uint64_t>(i, 3));
    }
    EXPECT_EQ(next, samples - 2);
}

}  // namespace
}  // namespace famez::fwd
