// SPDX-License-Identifier: BSD-3-Clause
#include "id_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>

#include <famez/error.h>

#include "rising_ids.h"

namespace famez {
namespace {

std::uint64_t take_count(int fd) {
    std::uint64_t count = 0;
    return ::read(fd, &count, sizeof count) == sizeof count ? count : 0;
}

void ring(int fd) {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(fd, &one, sizeof one), static_cast<ssize_t>(sizeof one));
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

TEST(IdPool, GivesTheLowestFreeId) {
    IdPool pool(3, 1);
    EXPECT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(pool.acquire(), 2U);
    EXPECT_EQ(pool.acquire(), 3U);
    EXPECT_EQ(pool.acquire(), std::nullopt);
    pool.release(2);
    pool.release(1);
    EXPECT_EQ(pool.free(), 2U);
    EXPECT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(pool.acquire(), 2U);
    EXPECT_EQ(pool.acquire(), std::nullopt);
}

TEST(IdPool, KeepsAnIdsEventfdsForItsNextHolder) {
    IdPool pool(2, 4);
    ASSERT_EQ(pool.acquire(), 1U);
    const SharedFds first = pool.eventfds(1);
    EXPECT_EQ(first->size(), 4U);
    pool.release(1);
    ASSERT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(pool.eventfds(1), first);
}

TEST(IdPool, DrainsBetweenHoldersOnly) {
    IdPool pool(1, 2);
    ASSERT_EQ(pool.acquire(), 1U);
    const int fd = pool.eventfds(1)->back().get();
    ring(fd);
    pool.release(1);
    EXPECT_EQ(take_count(fd), 1U);  // release() is no drain: the ring came before the end
    ring(fd);
    ASSERT_EQ(pool.acquire(), 1U);
    EXPECT_EQ(take_count(fd), 0U);
    ring(fd);
    EXPECT_EQ(pool.acquire(), std::nullopt);
    EXPECT_EQ(take_count(fd), 1U);
}

TEST(IdPool, DrainsAnEventfdThatWasMadeBlocking) {
    IdPool pool(1, 1);
    const int fd = pool.eventfds(1)->front().get();
    ASSERT_EQ(::fcntl(fd, F_SETFL, 0), 0);  // as any client can
    EXPECT_EQ(pool.acquire(), 1U);          // returns
    ring(fd);
    pool.release(1);
    EXPECT_EQ(pool.acquire(), 1U);
    ASSERT_EQ(::fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(take_count(fd), 0U);
}

TEST(IdPool, NeverGivesARetiredIdAgain) {
    const std::ptrdiff_t before = open_descriptors();
    {
        IdPool pool(2, 8);
        EXPECT_EQ(open_descriptors(), before + 16);
        ASSERT_EQ(pool.acquire(), 1U);
        pool.retire(1);
        EXPECT_EQ(open_descriptors(), before + 8);
        pool.release(1);
        EXPECT_EQ(pool.acquire(), 2U);
        EXPECT_EQ(pool.acquire(), std::nullopt);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(IdPool, FailsAsAWholeWhenDescriptorsRunOut) {
    const std::ptrdiff_t before = open_descriptors();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit low{static_cast<rlim_t>(before) + 10, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_THROW(IdPool(4, 8), FabricError);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(IdPool, SaysWhyThereIsNone) {
    IdPool pool(2, 1);
    EXPECT_EQ(pool.limit(), 3U);
    pool.acquire();
    pool.acquire();
    EXPECT_EQ(pool.shortage(), "all 2 ports are taken");
    pool.retire(1);
    EXPECT_NE(pool.shortage().find("--no-recycle reuses none"), std::string::npos);
}

TEST(RisingIds, AreUsedOnce) {
    RisingIds ids(2);
    EXPECT_EQ(ids.acquire(), 0U);
    EXPECT_EQ(ids.acquire(), 1U);
    EXPECT_EQ(ids.eventfds(1)->size(), 2U);
    const auto before = open_descriptors();
    ids.release(0);
    EXPECT_EQ(open_descriptors(), before - 2);
    EXPECT_EQ(ids.acquire(), 2U);
    EXPECT_EQ(ids.free(), 65533U);
}

TEST(RisingIds, EndWithTheProtocols) {
    RisingIds ids(0);
    for (std::uint32_t id = 0; id < 65536; ++id) {
        ASSERT_EQ(ids.acquire(), id);
        ids.retire(id);
    }
    EXPECT_EQ(ids.acquire(), std::nullopt);
    EXPECT_NE(ids.shortage().find("65536"), std::string::npos);
}

TEST(RisingIds, AShortageOfDescriptorsPasses) {
    RisingIds ids(4);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto refused = ids.acquire();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(refused, std::nullopt);
    EXPECT_NE(ids.shortage().find("Too many open files"), std::string::npos);
    EXPECT_EQ(ids.acquire(), 0U);
}

}  // namespace
}  // namespace famez
