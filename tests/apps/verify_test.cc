// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

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
        std::vector<std::uint8_t> bytes(plan_.size_of(sequence) - kEtherHeader);
        write_pattern(bytes.data(), bytes.size(), 0, sequence);
        return bytes;
    }
    void deliver(std::uint64_t sequence) { deliver(payload(sequence)); }
    void deliver(const std::vector<std::uint8_t>& bytes) {
        verifier_.accept(bytes.data(), bytes.size());
    }
    void deliver(std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t sequence = from; sequence < to; ++sequence) deliver(sequence);
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

constexpr SizeRange kSmallest{15, 15};
constexpr SizeRange kUsual{64, 64};
constexpr SizeRange kMixed{15, 9216};

TEST_F(VerifyTest, AnUnbrokenStreamIsClean) {
    for (const SizeRange sizes : {kSmallest, kUsual, kMixed, SizeRange{15, 22}}) {
        begin(sizes);
        deliver(0, 3000);
        verifier_.finish(3000);
        expect({.received = 3000});
        EXPECT_TRUE(verifier_.counts().clean());
    }
}

TEST_F(VerifyTest, StartsFromWhereverItIsTold) {
    begin(kMixed, UINT64_MAX / 3);
    deliver(UINT64_MAX / 3, UINT64_MAX / 3 + 500);
    expect({.received = 500});
}

TEST_F(VerifyTest, StartsWithTheFirstThatComesIfNotTold) {
    begin(kUsual);
    verifier_.start(std::nullopt, std::nullopt);
    deliver(1000, 1100);
    expect({.received = 100});
    EXPECT_EQ(verifier_.expected(), 1100U);
    verifier_.learn_sizes(kUsual);
    deliver(1100, 1200);
    verifier_.finish(1201);
    expect({.received = 200, .lost = 1});
}

TEST_F(VerifyTest, LossInTheMiddleAndAtTheEnd) {
    for (const SizeRange sizes : {kSmallest, kUsual, kMixed}) {
        begin(sizes);
        deliver(0, 100);
        deliver(150, 200);
        verifier_.finish(210);
        expect({.received = 150, .lost = 60});
    }
}

TEST_F(VerifyTest, LossOfMoreThanAByteCountsComesOutAtTheEnd) {
    begin(kSmallest);
    deliver(0, 100);
    deliver(100 + 3 * 256 + 5, 2000);
    verifier_.finish(2000);
    EXPECT_EQ(verifier_.counts().lost, 3U * 256 + 5);
    EXPECT_EQ(verifier_.counts().reordered, 0U);
    EXPECT_EQ(verifier_.counts().corrupted, 0U);
}

TEST_F(VerifyTest, NothingAtAllIsAllLost) {
    begin(kUsual);
    verifier_.finish(77);
    expect({.lost = 77});
}

TEST_F(VerifyTest, Duplicates) {
    for (const SizeRange sizes : {kSmallest, kUsual, kMixed}) {
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
    for (const SizeRange sizes : {kSmallest, kUsual, kMixed}) {
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
    begin(kUsual);
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
    begin(kUsual);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes.back() ^= 1;
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, CorruptedSequenceNumber) {
    begin(kUsual);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes[7] ^= 0x40;
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, AWrongLengthIsCorruption) {
    begin(kUsual);
    deliver(0, 10);
    auto bytes = payload(10);
    bytes.pop_back();
    deliver(bytes);
    deliver(11, 20);
    verifier_.finish(20);
    expect({.received = 20, .corrupted = 1});
}

TEST_F(VerifyTest, EmptyAndHugeMessagesDoNoHarm) {
    begin(kUsual);
    deliver(std::vector<std::uint8_t>{});
    deliver(std::vector<std::uint8_t>(100000));
    verifier_.finish(2);
    EXPECT_EQ(verifier_.counts().received, 2U);
    EXPECT_EQ(verifier_.counts().corrupted, 2U);
}

TEST_F(VerifyTest, ChainsAreCheckedLikeOnePiece) {
    begin(kMixed);
    std::mt19937 random(7);
    for (std::uint64_t sequence = 0; sequence < 2000; ++sequence) {
        const auto bytes = payload(sequence);
        std::vector<Piece> pieces;
        for (std::size_t done = 0; done < bytes.size();) {
            const std::size_t part =
                std::min<std::size_t>(1 + random() % 700, bytes.size() - done);
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

// What really counts: whatever is dropped, the sum is right and nothing else is blamed.
TEST_F(VerifyTest, RandomLossIsCountedExactlyAndAsNothingElse) {
    for (const SizeRange sizes : {kUsual, kMixed}) {
        begin(sizes);
        std::mt19937 random(11);
        std::uint64_t delivered = 0;
        constexpr std::uint64_t kSent = 20000;
        for (std::uint64_t sequence = 0; sequence < kSent; ++sequence) {
            if (random() % 100 == 0) sequence += random() % 40;
            if (sequence >= kSent) break;
            deliver(sequence);
            ++delivered;
        }
        verifier_.finish(kSent);
        expect({.received = delivered, .lost = kSent - delivered});
    }
}

TEST_F(VerifyTest, ShuffledBlocksLoseNothing) {
    begin(kUsual);
    std::mt19937 random(3);
    constexpr std::uint64_t kSent = 4096;
    for (std::uint64_t block = 0; block < kSent; block += 32) {
        std::array<std::uint64_t, 32> order;
        std::iota(order.begin(), order.end(), block);
        std::shuffle(order.begin(), order.end(), random);
        for (const std::uint64_t sequence : order) deliver(sequence);
    }
    verifier_.finish(kSent);
    EXPECT_EQ(verifier_.counts().received, kSent);
    EXPECT_EQ(verifier_.counts().lost, 0U);
    EXPECT_EQ(verifier_.counts().duplicated, 0U);
    EXPECT_EQ(verifier_.counts().corrupted, 0U);
    EXPECT_GT(verifier_.counts().reordered, kSent / 4);
}

}  // namespace
}  // namespace famez::pingpong
