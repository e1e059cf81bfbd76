// SPDX-License-Identifier: BSD-3-Clause
// Each impairment against its statistics. The bounds are five standard deviations, and the seeds
// are fixed: what passes once passes for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "fwd_wire.h"

namespace famez::fwd {
namespace {

void expect_binomial(double count, double samples, double probability) {
    EXPECT_NEAR(count, samples * probability,
                5 * std::sqrt(samples * probability * (1 - probability)));
}

TEST(Impairer, PassesAllOnAtOnceIfAskedForNothing) {
    Impairer wire = make({});
    EXPECT_EQ(wire.next_due(), Impairer::nothing_due);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        EXPECT_FALSE(wire.duplicates());
        EXPECT_EQ(wire.offer(frame(i), 64, i), Fate::held);
        EXPECT_EQ(wire.next_due(), i);
        EXPECT_EQ(wire.held(), 1U);
        EXPECT_EQ(release(wire, i), Numbers{i});
    }
    EXPECT_EQ(wire.next_due(), Impairer::nothing_due);
    EXPECT_EQ(release(wire, second), Numbers{});
}

TEST(Impairer, LosesItsShare) {
    constexpr std::uint64_t samples = 1'000'000;
    Impairer wire = make({.loss = 0.01});
    std::uint64_t lost = 0;
    std::uint64_t pairs = 0;
    bool before = false;
    for (std::uint64_t i = 1; i <= samples; ++i) {
        const bool now = wire.offer(frame(i), 64, i) == Fate::lost;
        lost += now ? 1 : 0;
        pairs += now && before ? 1 : 0;
        before = now;
        EXPECT_EQ(release(wire, i).size(), now ? 0U : 1U);
    }
    expect_binomial(static_cast<double>(lost), samples, 0.01);
    // One loss says nothing of the next.
    expect_binomial(static_cast<double>(pairs), samples, 0.01 * 0.01);
}

TEST(Impairer, LosesNoneOrAll) {
    Impairer none = make({.loss = 0});
    Impairer all = make({.loss = 1, .duplicate = 1});
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        EXPECT_EQ(none.offer(frame(i), 64, i), Fate::held);
        EXPECT_FALSE(none.duplicates());
        EXPECT_EQ(all.offer(frame(i), 64, i), Fate::lost);
        EXPECT_TRUE(all.duplicates());
    }
    EXPECT_EQ(none.held(), 1000U);
    EXPECT_EQ(all.held(), 0U);
}

TEST(Impairer, DoublesItsShareAndLosesAmongTheCopies) {
    constexpr std::uint64_t samples = 500'000;
    Impairer wire = make({.loss = 0.1, .duplicate = 0.05});
    std::uint64_t doubled = 0;
    std::uint64_t lost = 0;
    std::uint64_t lost_copies = 0;
    for (std::uint64_t i = 1; i <= samples; ++i) {
        const bool copy = wire.duplicates();
        lost += wire.offer(frame(i), 64, i) == Fate::lost ? 1 : 0;
        if (copy) {
            ++doubled;
            lost_copies += wire.offer(frame(i), 64, i) == Fate::lost ? 1 : 0;
        }
        release(wire, i);
    }
    expect_binomial(static_cast<double>(doubled), samples, 0.05);
    expect_binomial(static_cast<double>(lost), samples, 0.1);
    expect_binomial(static_cast<double>(lost_copies), static_cast<double>(doubled), 0.1);
}

TEST(Impairer, DelaysExactly) {
    Impairer wire = make({.delay_us = 150});
    EXPECT_EQ(wire.offer(frame(1), 64, 1000), Fate::held);
    EXPECT_EQ(wire.offer(frame(2), 64, 1001), Fate::held);
    EXPECT_EQ(wire.next_due(), 1000 + 150 * us);
    EXPECT_EQ(release(wire, 999 + 150 * us), Numbers{});
    EXPECT_EQ(release(wire, 1000 + 150 * us), Numbers{1});
    EXPECT_EQ(wire.next_due(), 1001 + 150 * us);
    EXPECT_EQ(release(wire, 1001 + 150 * us), Numbers{2});
}

TEST(Impairer, SpreadsJitterEvenly) {
    constexpr std::uint64_t samples = 200'000;
    Impairer wire = make({.delay_us = 200, .jitter_us = 50});
    double sum = 0;
    std::array<double, 4> quarters{};
    for (std::uint64_t i = 1; i <= samples; ++i) {
        ASSERT_EQ(wire.offer(frame(i), 64, i * ms), Fate::held);
        const std::uint64_t delay = wire.next_due() - i * ms;
        ASSERT_GE(delay, 150 * us);
        ASSERT_LE(delay, 250 * us);
        sum += static_cast<double>(delay);
        quarters[std::min<std::size_t>((delay - 150 * us) / (25 * us), 3)] += 1;
        ASSERT_EQ(release(wire, i * ms + delay), Numbers{i});
    }
    // An even spread of 2 * 50 us has a standard deviation of 50 us / sqrt(3).
    EXPECT_NEAR(sum / samples, 200.0 * us, 5 * 50.0 * us / std::sqrt(3.0 * samples));
    for (const double quarter : quarters)
        expect_binomial(quarter, samples, 0.25);
}

TEST(Impairer, JitterKeepsTheOrderAndNeverLeavesBeforeItCame) {
    constexpr std::uint64_t samples = 20'000;
    Impairer wire = make({.delay_us = 10, .jitter_us = 50, .limit = samples});
    for (std::uint64_t i = 1; i <= samples; ++i)
        ASSERT_EQ(wire.offer(frame(i), 64, i * us), Fate::held);
    std::uint64_t last = 0;
    for (std::uint64_t i = 1; i <= samples; ++i) {
        const std::uint64_t due = wire.next_due();
        ASSERT_GE(due, std::max(last, i * us));
        ASSERT_LE(due, i * us + 60 * us);
        ASSERT_EQ(release(wire, due, 1), Numbers{i});
        last = due;
    }
}

TEST(Impairer, HoldsToTheRate) {
    // 1250 bytes are 10,000 bits: a millisecond.
    Impairer wire = make({.delay_us = 300, .rate_bps = 10e6});
    for (std::uint64_t i = 1; i <= 5; ++i)
        ASSERT_EQ(wire.offer(frame(i), 1250, second), Fate::held);
    ASSERT_EQ(wire.offer(frame(6), 125, second), Fate::held);
    for (std::uint64_t i = 1; i <= 5; ++i) {
        EXPECT_EQ(wire.next_due(), second + i * ms + 300 * us);
        EXPECT_EQ(release(wire, wire.next_due()), Numbers{i});
    }
    EXPECT_EQ(wire.next_due(), second + 5 * ms + 100 * us + 300 * us);
    EXPECT_EQ(release(wire, wire.next_due()), Numbers{6});
    // The wire has rested: nothing of that is made up for.
    ASSERT_EQ(wire.offer(frame(7), 1250, 2 * second), Fate::held);
    EXPECT_EQ(wire.next_due(), 2 * second + ms + 300 * us);
}

TEST(Impairer, TheRateDoesNotDrift) {
    constexpr std::uint64_t samples = 1'000'000;
    constexpr double rate = 7e9;
    Impairer wire = make({.rate_bps = rate});
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 1; i <= samples; ++i) {
        const std::uint32_t size = 60 + static_cast<std::uint32_t>(i * 7 % 1400);
        bytes += size;
        ASSERT_EQ(wire.offer(frame(i), size, second), Fate::held);
        const double exact = static_cast<double>(bytes) * 8 * second / rate;
        ASSERT_NEAR(static_cast<double>(wire.next_due() - second), exact, 1.0);
        ASSERT_EQ(release(wire, wire.next_due()), Numbers{i});
    }
}

TEST(Impairer, LostAndRefusedFramesTakeNoTimeOfTheWire) {
    Impairer wire = make({.rate_bps = 10e6, .loss = 0.5, .limit = 10});
    std::uint64_t held = 0;
    for (std::uint64_t i = 1; i <= 100; ++i)
        held += wire.offer(frame(i), 1250, second) == Fate::held ? 1 : 0;
    EXPECT_EQ(held, 10U);
    std::uint64_t last = 0;
    while (wire.held() > 0) {
        last = wire.next_due();
        release(wire, last);
    }
    EXPECT_EQ(last, second + 10 * ms);
}

// By how many of those behind it each frame was overtaken.
std::vector<std::uint32_t> overtakers(const Numbers& order, std::uint64_t frames) {
    std::vector<std::uint64_t> place(frames + 1);
    for (std::uint64_t i = 0; i < order.size(); ++i)
        place[order[i]] = i;
    std::vector<std::uint32_t> counts(frames + 1);
    constexpr std::uint64_t far = 100;
    for (std::uint64_t i = 1; i <= frames; ++i) {
        for (std::uint64_t j = i + 1; j <= std::min(frames, i + far); ++j)
            counts[i] += place[j] < place[i] ? 1 : 0;
    }
    return counts;
}

void expect_reordering(double share, std::uint32_t by) {
    constexpr std::uint64_t samples = 100'000;
    Impairer wire = make({.delay_us = 20, .jitter_us = 5, .reorder = share, .reorder_by = by});
    Numbers order;
    for (std::uint64_t i = 1; i <= samples; ++i) {
        ASSERT_EQ(wire.offer(frame(i), 64, i * us), Fate::held);
        append(order, release(wire, i * us));
    }
    append(order, drain(wire));
    ASSERT_EQ(order.size(), samples);
    const auto counts = overtakers(order, samples);
    std::uint64_t chosen = 0;
    constexpr std::uint64_t tail = 200;  // behind the last ones there is nobody to overtake them
    for (std::uint64_t i = 1; i <= samples - tail; ++i) {
        ASSERT_TRUE(counts[i] == 0 || counts[i] == by) << i << ": " << counts[i];
        chosen += counts[i] == 0 ? 0 : 1;
    }
    expect_binomial(static_cast<double>(chosen), samples - tail, share);
}

TEST(Impairer, OvertakesByExactlySoMany) {
    expect_reordering(0.01, 1);
    expect_reordering(0.1, 3);
    expect_reordering(0.5, 5);
    expect_reordering(0.02, 17);
}

TEST(Impairer, LeavesLateIfNobodyOvertakes) {
    Impairer wire = make({.delay_us = 100, .reorder = 1, .reorder_by = 2});
    ASSERT_EQ(wire.offer(frame(1), 64, second), Fate::held);
    ASSERT_EQ(wire.offer(frame(2), 64, second + 5), Fate::held);
    EXPECT_EQ(wire.next_due(), second + 100 * us + 10 * ms);
    EXPECT_EQ(release(wire, second + 100 * us + 10 * ms - 1), Numbers{});
    EXPECT_EQ(release(wire, second + 100 * us + 10 * ms), Numbers{1});
    EXPECT_EQ(wire.next_due(), second + 100 * us + 10 * ms + 5);
    EXPECT_EQ(release(wire, second * 2), Numbers{2});
    EXPECT_EQ(wire.next_due(), Impairer::nothing_due);
}

TEST(Impairer, OvertakenByNoneIsNotReordered) {
    Impairer wire = make({.delay_us = 100, .reorder = 1, .reorder_by = 0});
    ASSERT_EQ(wire.offer(frame(1), 64, second), Fate::held);
    EXPECT_EQ(wire.next_due(), second + 100 * us);
}

TEST(Impairer, RefusesWhatIsAboveTheLimit) {
    Impairer wire = make({.delay_us = 1, .limit = 5});
    for (std::uint64_t i = 1; i <= 8; ++i)
        EXPECT_EQ(wire.offer(frame(i), 64, second), i <= 5 ? Fate::held : Fate::full);
    EXPECT_EQ(wire.held(), 5U);
    EXPECT_EQ(release(wire, second + us, 2), (Numbers{1, 2}));
    EXPECT_EQ(wire.next_due(), second + us);
    EXPECT_EQ(wire.offer(frame(9), 64, second + us), Fate::held);
    EXPECT_EQ(drain(wire), (Numbers{3, 4, 5, 9}));

    Impairer nothing = make({.delay_us = 1, .limit = 0});
    EXPECT_EQ(nothing.offer(frame(1), 64, second), Fate::full);
}

TEST(Impairer, EmptiesWhateverTheTime) {
    Impairer wire = make({.delay_us = 1e6, .reorder = 0.3, .reorder_by = 4});
    for (std::uint64_t i = 1; i <= 100; ++i)
        ASSERT_EQ(wire.offer(frame(i), 64, second), Fate::held);
    EXPECT_EQ(release(wire, second), Numbers{});
    std::array<void*, 64> out{};
    EXPECT_EQ(wire.empty_into(out.data(), 64), 64U);
    EXPECT_EQ(wire.held(), 36U);
    EXPECT_EQ(wire.empty_into(out.data(), 64), 36U);
    EXPECT_EQ(wire.empty_into(out.data(), 64), 0U);
    EXPECT_EQ(wire.next_due(), Impairer::nothing_due);
}

TEST(Impairer, ExtremesDoNotOverflow) {
    for (const Impairment& extreme :
         {Impairment{.rate_bps = 1e-300}, Impairment{.delay_us = 1e300, .reorder = 0.5},
          Impairment{.jitter_us = 1e300}, Impairment{.delay_us = 1e12, .rate_bps = 1e-3}}) {
        Impairer wire = make(extreme);
        for (std::uint64_t i = 1; i <= 100; ++i) {
            ASSERT_EQ(wire.offer(frame(i), 1500, second), Fate::held);
            EXPECT_GE(wire.next_due(), second);
            EXPECT_LT(wire.next_due(), Impairer::nothing_due);
        }
        std::array<void*, 128> out{};
        EXPECT_EQ(wire.empty_into(out.data(), 128), 100U);
    }
}

}  // namespace
}  // namespace famez::fwd
