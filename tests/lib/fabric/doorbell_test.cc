// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <limits>

#include <famez/doorbell.h>
#include <famez/eventfd.h>

namespace famez::test {
namespace {

UniqueFd make_eventfd() {
    return UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

bool readable(const Doorbell& doorbell) {
    pollfd state{doorbell.fd(), POLLIN, 0};
    return ::poll(&state, 1, 0) == 1;
}

TEST(Doorbell, OneOfItsOwnIsRead) {
    const UniqueFd eventfd = make_eventfd();
    Doorbell doorbell(eventfd.get());
    EXPECT_EQ(doorbell.fd(), eventfd.get());
    EXPECT_EQ(doorbell.drain(), 0U);
    ring_eventfd(eventfd.get());
    doorbell.ring();
    EXPECT_TRUE(readable(doorbell));
    EXPECT_EQ(doorbell.drain(), 2U);
    EXPECT_FALSE(readable(doorbell));
}

TEST(Doorbell, WithoutEventfdNothingHappens) {
    Doorbell doorbell;
    EXPECT_FALSE(doorbell.able());
    doorbell.ring();
    EXPECT_EQ(doorbell.drain(), 0U);
}

TEST(Doorbell, WhoSharesOneTakesNothingFromTheOthers) {
    const UniqueFd eventfd = make_eventfd();
    Doorbell a(std::vector{eventfd.get()});
    Doorbell b(std::vector{eventfd.get()});
    for (int i = 0; i < 3; ++i) {
        ring_eventfd(eventfd.get());
        EXPECT_TRUE(readable(a));
        EXPECT_EQ(a.drain(), 1U);
        EXPECT_FALSE(readable(a));
        EXPECT_TRUE(readable(b));
        EXPECT_EQ(b.drain(), 1U);
        EXPECT_FALSE(readable(b));
    }
}

TEST(Doorbell, AnyOfSeveralRings) {
    const UniqueFd first = make_eventfd();
    const UniqueFd second = make_eventfd();
    Doorbell doorbell(std::vector{first.get(), second.get()});
    ring_eventfd(second.get());
    EXPECT_TRUE(readable(doorbell));
    EXPECT_EQ(doorbell.drain(), 1U);
    ring_eventfd(first.get());
    ring_eventfd(second.get());
    EXPECT_EQ(doorbell.drain(), 2U);
    EXPECT_FALSE(readable(doorbell));
}

// Nobody reads a shared eventfd, so a hostile port could silence it for good.
TEST(Doorbell, ACountAtItsTopIsBroughtDown) {
    const UniqueFd eventfd = make_eventfd();
    Doorbell doorbell(std::vector{eventfd.get()});
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max() - 1;
    ASSERT_EQ(::eventfd_write(eventfd.get(), top), 0);
    EXPECT_EQ(doorbell.drain(), 1U);
    ring_eventfd(eventfd.get());
    EXPECT_FALSE(readable(doorbell));
    doorbell.ring();
    EXPECT_TRUE(readable(doorbell));
    EXPECT_EQ(doorbell.drain(), 1U);
    ring_eventfd(eventfd.get());
    EXPECT_TRUE(readable(doorbell));
}

}  // namespace
}  // namespace famez::test
