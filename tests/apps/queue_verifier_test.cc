// SPDX-License-Identifier: BSD-3-Clause
#include "queue_verifier.h"

#include <gtest/gtest.h>

#include <vector>

namespace famez::pingpong {
namespace {

class QueueVerifierTest : public testing::Test {
  protected:
    void begin(std::uint32_t queues) { verifier_.start(sizes, 0, queues); }
    static std::vector<std::uint8_t> payload(std::uint64_t sequence) {
        std::vector<std::uint8_t> bytes(sizes.min - ether_header);
        write_pattern(bytes.data(), bytes.size(), 0, sequence);
        return bytes;
    }
    void deliver(const std::vector<std::uint8_t>& bytes) {
        const Piece piece{bytes.data(), bytes.size()};
        verifier_.accept({&piece, 1});
    }
    void deliver(std::uint32_t queue, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t i = from; i < to; ++i)
            deliver(payload(queue_sequence(queue) + i));
    }
    void expect(const VerifyCounts& wanted) const {
        const VerifyCounts found = verifier_.counts();
        EXPECT_EQ(found.received, wanted.received);
        EXPECT_EQ(found.lost, wanted.lost);
        EXPECT_EQ(found.duplicated, wanted.duplicated);
        EXPECT_EQ(found.reordered, wanted.reordered);
        EXPECT_EQ(found.corrupted, wanted.corrupted);
    }

    static constexpr SizeRange sizes{64, 64};
    QueueVerifier verifier_;
};

TEST_F(QueueVerifierTest, OrderIsKeptWithinAQueueOnly) {
    begin(3);
    deliver(2, 0, 10);
    deliver(0, 0, 5);
    deliver(1, 0, 7);
    deliver(0, 5, 10);
    deliver(2, 10, 11);
    verifier_.finish(28);
    expect({.received = 28});
}

TEST_F(QueueVerifierTest, WhatAQueueSkipsIsLostAndWhatComesLateIsReordered) {
    begin(2);
    deliver(1, 0, 5);
    deliver(0, 0, 2);
    deliver(0, 3, 5);
    expect({.received = 9, .lost = 1});
    deliver(0, 2, 3);
    expect({.received = 10, .reordered = 1});
    deliver(1, 4, 5);
    expect({.received = 11, .duplicated = 1, .reordered = 1});
}

// Nobody says how many went to each queue.
TEST_F(QueueVerifierTest, WhatIsMissingAtTheEndIsMissingFromTheSum) {
    begin(4);
    deliver(0, 0, 5);
    deliver(3, 1, 5);
    verifier_.finish(12);
    expect({.received = 9, .lost = 3});
}

TEST_F(QueueVerifierTest, AMessageThatNamesNoQueueIsCorrupted) {
    begin(2);
    deliver(0, 0, 3);
    std::vector<std::uint8_t> bytes = payload(queue_sequence(7));
    deliver(bytes);
    bytes.resize(3);
    deliver(bytes);
    verifier_.finish(5);
    expect({.received = 5, .corrupted = 2});
}

TEST_F(QueueVerifierTest, DamageIsSeen) {
    begin(2);
    deliver(1, 0, 3);
    std::vector<std::uint8_t> bytes = payload(queue_sequence(1) + 3);
    bytes[20] ^= 1;
    deliver(bytes);
    deliver(1, 4, 6);
    verifier_.finish(6);
    expect({.received = 6, .corrupted = 1});
}

// A receiver that joins in the middle takes each queue as it finds it.
TEST_F(QueueVerifierTest, AStreamThatRunsAlready) {
    verifier_.start(sizes, 1000, 2);
    deliver(1, 600, 610);
    deliver(0, 390, 400);
    verifier_.finish(2000);
    expect({.received = 20});
}

TEST_F(QueueVerifierTest, OneQueueIsAnyStream) {
    verifier_.start(sizes, 0);
    deliver(0, 0, 4);
    verifier_.finish(5);
    expect({.received = 4, .lost = 1});
}

}  // namespace
}  // namespace famez::pingpong
