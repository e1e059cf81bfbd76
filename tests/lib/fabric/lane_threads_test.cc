// SPDX-License-Identifier: BSD-3-Clause
//
// Both ends of a lane in their own threads: mixed sizes, every byte compared.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "lane_fixture.h"

namespace famez::test {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint32_t small_messages = 300'000;
constexpr std::uint32_t large_messages = 20'000;
#else
constexpr std::uint32_t small_messages = 10'000'000;
constexpr std::uint32_t large_messages = 300'000;
#endif

// Message i is a window of fixed random bytes: cheap to make, and no two neighbours are alike.
class Windows {
  public:
    static constexpr std::uint32_t bytes = 1U << 17;
    Windows() : text_(text(42, 2 * bytes)) {}
    [[nodiscard]] const char* at(std::uint32_t i) const {
        return text_.data() + (i * 40503U) % bytes;
    }

  private:
    std::string text_;
};

GeometryRequest ring_of(std::uint64_t bytes) {
    GeometryRequest request = FakeFabric::small_request();
    request.region_bytes = std::uint64_t{16} << 20;
    request.slab_bytes = std::uint64_t{2} << 20;
    request.ring_bytes = bytes;
    return request;
}

// Sends `count` messages, message i being size_of(i) long, in bursts.
template <class SizeOf>
void produce(PlainLane& lane, const Windows& windows, std::uint32_t count, SizeOf&& size_of) {
    for (std::uint32_t i = 0; i < count;) {
        if (!lane.producer.ready()) return;
        PlainLane::ProducerBurst burst(lane.producer);
        const std::uint32_t first = i;
        for (; i < count && i - first < 32; ++i) {
            const std::uint32_t length = size_of(i);
            if (length <= record::small_bytes) {
                if (!burst.append_small(windows.at(i), length)) break;
            } else {
                std::byte* const to = burst.append(length);
                if (to == nullptr) break;
                std::memcpy(to, windows.at(i), length);
            }
        }
        burst.finish(i - first);
        if (i == first) std::this_thread::yield();
    }
}

// `over_read`: copy a fixed 64 bytes of small payloads, as drivers do.
template <bool OverRead, class SizeOf>
void run(std::uint64_t ring, std::uint32_t count, SizeOf&& size_of) {
    PlainLane lane(ring_of(ring));
    ASSERT_TRUE(lane.open());
    const Windows windows;
    std::thread producer([&] { produce(lane, windows, count, size_of); });
    std::uint32_t seen = 0;
    std::uint32_t wrong = 0;
    std::uint32_t idle = 0;
    alignas(64) std::array<char, record::small_bytes> copy{};
    const auto visit = [&](const std::byte* payload, std::uint32_t length, std::uint32_t) {
        const char* from = reinterpret_cast<const char*>(payload);
        if (OverRead && length <= record::small_bytes) {
            std::memcpy(copy.data(), payload, record::small_bytes);
            from = copy.data();
        }
        if (length != size_of(seen) || std::memcmp(from, windows.at(seen), length) != 0) ++wrong;
        ++seen;
        return true;
    };
    while (seen < count && lane.consumer.pollable() && idle < 50'000'000) {
        if (lane.consumer.take(64, visit) != 0) {
            idle = 0;
        } else if (++idle % 64 == 0) {
            std::this_thread::yield();
        }
    }
    EXPECT_EQ(seen, count);
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
    if (seen < count) lane.block().grant.ack = 0;  // lets the producer end
    producer.join();
}

TEST(LaneThreads, TenMillionSmallMessages) {
    run<false>(std::uint64_t{128} << 10, small_messages,
               [](std::uint32_t i) { return i * 2654435761U >> 16 & 63U; });
}

TEST(LaneThreads, MixedSizesOverASmallRing) {
    run<false>(4096, large_messages, [](std::uint32_t i) {
        const std::uint32_t random = i * 2654435761U >> 8;
        return random % 7 == 0 ? random % 2024 : random % 80;
    });
}

// Large records only: a PAD in each lap, and the ring is nearly always full.
TEST(LaneThreads, RecordsNearTheMost) {
    run<false>(16384, large_messages,
               [](std::uint32_t i) { return 2000 + (i * 2654435761U >> 8) % 6168; });
}

#if !defined(__SANITIZE_THREAD__)
// Reading a fixed 64 bytes runs into the record behind, which is being written: harmless, as those
// bytes are never used, but a data race by the letter.
TEST(LaneThreads, FixedSizeCopiesOfSmallMessages) {
    run<true>(std::uint64_t{64} << 10, large_messages * 10,
              [](std::uint32_t i) { return i * 2654435761U >> 16 & 63U; });
}
#endif

}  // namespace
}  // namespace famez::test
