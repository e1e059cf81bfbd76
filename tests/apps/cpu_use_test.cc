// SPDX-License-Identifier: BSD-3-Clause
#include "cpu_use.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <thread>

namespace famez::pingpong {
namespace {

TEST(CpuUseTest, SaysNothingWithoutAStart) {
    CpuUse use;
    EXPECT_FALSE(use.percent().has_value());
    use.start();
    use.forget();
    EXPECT_FALSE(use.percent().has_value());
}

TEST(CpuUseTest, TellsSleepFromWork) {
    CpuUse use;
    use.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto asleep = use.percent();
    ASSERT_TRUE(asleep.has_value());
    EXPECT_LT(*asleep, 50.0);
    // By the CPU's own clock: the machine may be busy with others.
    use.start();
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 10;
    while (std::clock() < end) {
    }
    const auto awake = use.percent();
    ASSERT_TRUE(awake.has_value());
    EXPECT_GT(*awake, *asleep);
}

}  // namespace
}  // namespace famez::pingpong
