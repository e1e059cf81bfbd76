// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace famez::pingpong {
namespace {

// Plays sender and wire: makes the payload of any message and hands it to the verifier.
class VerifyTest : public testing::Test {
  protected:
    void begin(SizeRange sizes, std::uint64_t first = 0) {
        plan_ = SizePlan(sizes);
        verifier_.start(sizes, first);
    }
    std::vector<std::uint8_t> payload(std::uint64_t sequence) const {
        std::vector<std::uint8_t> bytes(plan_.size_of(sequence) - ether_header);
        write_pattern(bytes.data(), bytes.size(), 0, sequence);
        return bytes;
    }
    void deliver(std::uint64_t sequence) { deliver(payload(sequence)); }
    void deliver(const std::vector<std::uint8_t>& bytes) {
        verifier_.accept(bytes.data(), bytes.size());
    }
    void deliver(std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t sequence = from; sequence < to; ++sequence)
            deliver(sequence);
    }
    void expect(const VerifyCounts& wanted) const {
        const VerifyCounts& found = verifier_.counts();
        EXPECT_EQ(found.received, wanted.received);
        EXPECT_EQ(found.lost, wanted.lost);
        EXPECT_EQ(found.duplicated, wanted.duplicated);
        EXPECT_EQ(found.reordered, wanted.reordered);
        EXPECT_EQ(found.corrupted, wanted.corrupted);
    }

    SizePlan plan_;
    Verifier verifier_;
};

constexpr SizeRange smallest_sizes{15, 15};
constexpr SizeRange usual_sizes{64, 64};
constexpr SizeRange mixed_sizes{15, 9216};

TEST_F(VerifyTest, AnUnbrokenStreamIsClean) {
    for (const SizeRange sizes : {smallest_sizes, usual_sizes, mixed_sizes, SizeRange{15, 22}}) {
        begin(sizes);
        deliver(0, 3000);
        verifier_.finish(3000);
        expect({.received = 3000});
        EXPECT_TRUE(verifier_.counts().clean());
    }
}

TEST_F(VerifyTest, StartsFromWhereverItIsTold) {
    begin(mixed_sizes, UINT64_MAX / 3);
    deliver(UINT64_MAX / 3, UINT64_MAX / 3 + 500);
    expect({.received = 500});
}

TEST_F(VerifyTest, StartsWithTheFirstThatComesIfNotTold) {
    begin(usual_sizes);
    verifier_.start(std::nullopt, std::nullopt);
    deliver(1000, 1100);
    expect({.received = 100});
    EXPECT_EQ(verifier_.expected(), 1100U);
    verifier_.learn_sizes(usual_sizes);
    deliver(1100, 1200);
    verifier_.finish(1201);
    expect({.received = 200, .lost = 1});
}

TEST_F(VerifyTest, LossInTheMiddleAndAtTheEnd) {
    for (const SizeRange sizes : {smallest_sizes, usual_sizes, mixed_sizes}) {
        begin(sizes);
        deliver(0, 100);
        deliver(150, 200);
        verifier_.finish(210);
        expect({.received = 150, .lost = 60});
    }
}

TEST_F(VerifyTest, LossOfMoreThanAByteCountsComesOutAtTheEnd) {
    begin(smallest_sizes);
    deliver(0, 100);
    deliver(100 + 3 * 256 + 5, 2000);
    verifier_.finish(2000);
    EXPECT_EQ(verifier_.counts().lost, 3U * 256 + 5);
    EXPECT_EQ(verifier_.counts().reordered, 0U);
    EXPECT_EQ(verifier_.counts().corrupted, 0U);
}

TEST_F(VerifyTest, NothingAtAllIsAllLost) {
    begin(usual_sizes);
    verifier_.finish(77);
    expect({.lost = 77});
}

TEST_F(VerifyTest, Duplicates) {
    for (const SizeRange sizes : {smallest_sizes, usual_sizes, mixed_sizes}) {
        begin(sizes);
        deliver(0, 100);
        deliver(99);
        deliver(100, 200);
        deliver(150);
        verifier_.finish(200);
        expect({.received = 202, .duplicated = 2});
    }
}

TEST_F(VerifyTest, ALateOneIsReorderedAndNotLost) {
    for (const SizeRange sizes : {smallest_sizes, usual_sizes, mixed_sizes}) {
        begin(sizes);
        deliver(0, 50);
        deliver(51, 60);
        deliver(50);
        deliver(60, 100);
        verifier_.finish(100);
        expect({.received = 100, .reordered = 1});
    }
}

TEST_F(VerifyTest, AGapFilledFromItsMiddle) {
    begin(usual_sizes);
    deliver(0, 10);
    deliver(20, 30);
    deliver(15);
    deliver(19);
    deliver(10);
    EXPECT_EQ(verifier_.counts().lost, 7U);
    deliver(15);  // now a duplicate
    verifier_.finish(30);
    expect({.received = 24, .lost = 7, .duplicated = 1, .reordered = 3});
}

TEST_F(VerifyTest, CorruptedContentIsNotLost) {
    begin(usual_sizes);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes.back() ^= 1;
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, CorruptedSequenceNumber) {
    begin(usual_sizes);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes[7] ^= 0x40;
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, AWrongLengthIsCorruption) {
    begin(usual_sizes);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes.pop_back();
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, EmptyAndHugeMessagesDoNoHarm) {
    begin(usual_sizes);
    deliver(std::vector<std::uint8_t>{});
    deliver(std::vector<std::uint8_t>(100000));
    verifier_.finish(2);
    EXPECT_EQ(verifier_.counts().received, 2U);
    EXPECT_EQ(verifier_.counts().corrupted, 2U);
}

TEST_F(VerifyTest, ChainsAreCheckedLikeOnePiece) {
    begin(mixed_sizes);
    std::mt19937 random(7);
    for (std::uint64_t sequence = 0; sequence < 2000; ++sequence) {
        const auto bytes = payload(sequence);
        std::vector<Piece> pieces;
        for (std::size_t done = 0; done < bytes.size();) {
            const std::size_t part = std::min<std::size_t>(1 + random() % 700, bytes.size() - done);
            pieces.push_back({bytes.data() + done, part});
            done += part;
        }
        verifier_.accept(pieces);
    }
    verifier_.finish(2000);
    expect({.received = 2000});
    auto bytes = payload(2000);
    bytes[bytes.size() / 2] ^= 0x80;
    const std::array<Piece, 2> halves = {
        Piece{bytes.data(), bytes.size() / 3},
        Piece{bytes.data() + bytes.size() / 3, bytes.size() - bytes.size() / 3}};
    verifier_.accept(halves);
    EXPECT_EQ(verifier_.counts().corrupted, 1U);
}

TEST_F(VerifyTest, WithoutAPatternSequenceAndLengthStillCount) {
    begin(mixed_sizes);
    verifier_.ignore_content();
    std::vector<std::uint8_t> bytes;
    for (std::uint64_t sequence = 0; sequence < 1000; ++sequence) {
        if (sequence == 500) continue;
        bytes = payload(sequence);
        std::fill(
            bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, bytes.size())),
            bytes.end(), 0);
        if (sequence % 2 == 0) {
            deliver(bytes);
        } else {
            const std::array<Piece, 2> halves = {Piece{bytes.data(), 1},
                                                 Piece{bytes.data() + 1, bytes.size() - 1}};
            verifier_.accept(halves);
        }
    }
    bytes.resize(bytes.size() + 1);
    deliver(bytes);
    verifier_.finish(1001);
    EXPECT_EQ(verifier_.counts().lost, 1U);
    EXPECT_EQ(verifier_.counts().corrupted, 1U);
    EXPECT_EQ(verifier_.counts().reordered + verifier_.counts().duplicated, 0U);
}

// What really counts: whatever is dropped, the sum is right and nothing else is blamed.
TEST_F(VerifyTest, RandomLossIsCountedExactlyAndAsNothingElse) {
    for (const SizeRange sizes : {usual_sizes, mixed_sizes}) {
        begin(sizes);
        std::mt19937 random(11);
        std::uint64_t delivered = 0;
        constexpr std::uint64_t sent_count = 20000;
        for (std::uint64_t sequence = 0; sequence < sent_count; ++sequence) {
            if (random() % 100 == 0) sequence += random() % 40;
            if (sequence >= sent_count) break;
            deliver(sequence);
            ++delivered;
        }
        verifier_.finish(sent_count);
        expect({.received = delivered, .lost = sent_count - delivered});
    }
}

TEST_F(VerifyTest, ShuffledBlocksLoseNothing) {
    begin(usual_sizes);
    std::mt19937 random(3);
    constexpr std::uint64_t sent_count = 4096;
    for (std::uint64_t block = 0; block < sent_count; block += 32) {
        std::array<std::uint64_t, 32> order;
        std::iota(order.begin(), order.end(), block);
        std::shuffle(order.begin(), order.end(), random);
        for (const std::uint64_t sequence : order)
            deliver(sequence);
    }
    verifier_.finish(sent_count);
    EXPECT_EQ(verifier_.counts().received, sent_count);
    EXPECT_EQ(verifier_.counts().lost, 0U);
    EXPECT_EQ(verifier_.counts().duplicated, 0U);
    EXPECT_EQ(verifier_.counts().corrupted, 0U);
    EXPECT_GT(verifier_.counts().reordered, sent_count / 4);
}

}  // namespace
}  // namespace famez::pingpong
