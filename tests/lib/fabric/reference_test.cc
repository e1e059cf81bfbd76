// SPDX-License-Identifier: BSD-3-Clause
//
// References: loans, credits, and everybody's restarts (Z1 to Z5), stepped by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <famez/loans.h>

#include "lane_fixture.h"

namespace famez::test {
namespace {

GeometryRequest with_arena() {
    GeometryRequest request = FakeFabric::small_request();
    request.region_bytes = std::uint64_t{128} << 20;
    request.arena_bytes = std::uint64_t{16} << 20;
    return request;
}

// Keeps what it is shown, as an application that attaches buffers does.
struct Keeper {
    struct Held {
        const std::byte* data;
        std::string as_taken;
        std::uint64_t cookie;
        std::uint32_t flags;
    };
    std::vector<Held>* held;
    std::vector<std::string>* inbox;
    bool operator()(const std::byte* data, std::uint32_t length, std::uint32_t /*flags*/) const {
        inbox->emplace_back(reinterpret_cast<const char*>(data), length);
        return true;
    }
    Referred refer(const Reference& reference, Consumer<WriteBack>& /*lane*/) const {
        held->push_back({reference.data,
                         {reinterpret_cast<const char*>(reference.data), reference.length},
                         reference.cookie,
                         reference.flags});
        return Referred::kept;
    }
};

class References : public testing::Test {
  protected:
    static constexpr std::uint32_t length = 1500;

    void SetUp() override {
        start_sender();
        ASSERT_TRUE(lane_.open());
    }

    // The sender's program begins (again): nothing of the last one's private memory is left.
    void start_sender() {
        lane_.start_producer();
        table_ = std::make_unique<LoanTable>(
            lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::source,
            view_port(lane_.fabric.region(), lane_.fabric.geometry(), PlainLane::source).epoch);
        back_.clear();
        lane_.producer.loans().bind(*table_, back_, lane_.fabric.geometry(), PlainLane::source,
                                    PlainLane::destination, 0, lane_.tx);
    }

    std::byte* buffer(std::uint32_t slot) {
        return table_->arena() + table_->map().unit_offset(slot);
    }
    static void* owner(std::uint32_t slot) {
        return reinterpret_cast<void*>(std::uintptr_t{slot} + 1);
    }

    // Writes a buffer and lends it. A buffer of 2 units, as of 2 KB.
    bool lend(std::uint32_t slot, std::uint32_t flags = 0) {
        if (table_->is_out(slot)) return false;
        if (!lane_.producer.ready() && !lane_.service()) return false;
        lane_.producer.service(lane_.peer(), lane_.now);
        if (!lane_.producer.may_lend()) return false;
        const std::string content = text(++written_, length);
        std::memcpy(buffer(slot), content.data(), length);
        PlainLane::ProducerBurst burst(lane_.producer);
        const auto offset = static_cast<std::uint32_t>(table_->map().unit_offset(slot));
        const bool sent = burst.append_reference(slot, owner(slot), offset, length, flags);
        burst.finish(sent ? 1 : 0);
        return sent;
    }

    std::uint32_t take(std::uint32_t max = 32) {
        if (!lane_.consumer.pollable()) return 0;
        Keeper keeper{&held_, &inbox_};
        return lane_.consumer.take(max, keeper);
    }
    void let_go(std::size_t index) {
        const Keeper::Held held = held_[index];
        EXPECT_TRUE(std::string(reinterpret_cast<const char*>(held.data), length) == held.as_taken)
            << "the content changed under the reader";
        lane_.consumer.credits().give_back(held.cookie);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    std::uint32_t out() { return lane_.producer.loans().out(); }
    // The sender's sweeps, and the receiver's.
    void settle(int times = 4) {
        for (int i = 0; i < times; ++i, ++lane_.now) {
            lane_.service();
            lane_.consumer.serve();
            take();
        }
    }
    // As settle(), where the receiver's application does not poll.
    void sweep_sender() {
        ++lane_.now;
        lane_.service();
    }

    PlainLane lane_{with_arena()};
    std::unique_ptr<LoanTable> table_;
    OwnersBack back_;
    std::vector<Keeper::Held> held_;
    std::vector<std::string> inbox_;
    std::uint32_t written_ = 0;
};

TEST_F(References, AReferenceShowsTheSendersOwnBytes) {
    ASSERT_TRUE(lend(6));
    ASSERT_EQ(take(), 1U);
    ASSERT_EQ(held_.size(), 1U);
    EXPECT_EQ(held_[0].data, buffer(6));
    EXPECT_EQ(held_[0].as_taken, text(1, length));
}

TEST_F(References, TheFlagsOfAFrameWithoutChecksumsArrive) {
    ASSERT_TRUE(lend(0, record::flag_no_l4_sum));
    ASSERT_TRUE(lend(2, record::flags_unsummed));
    ASSERT_TRUE(lend(4));
    EXPECT_EQ(lane_.consumer.waiting(8), 3U);
    ASSERT_EQ(take(), 3U);
    EXPECT_EQ(held_[0].flags, record::flag_no_l4_sum);
    EXPECT_EQ(held_[1].flags, record::flags_unsummed);
    EXPECT_EQ(held_[2].flags, 0U);
    EXPECT_EQ(held_[2].as_taken, text(3, length));
}

TEST_F(References, OtherFlagsPoisonTheLane) {
    ASSERT_TRUE(lend(0, record::flag_more));
    take();
    EXPECT_EQ(lane_.rx.lane_poisoned, 1U);
    EXPECT_TRUE(held_.empty());
}

TEST_F(References, ABufferComesBackByItsCreditAndNotBefore) {
    ASSERT_TRUE(lend(6));
    ASSERT_EQ(take(), 1U);
    sweep_sender();
    EXPECT_TRUE(back_.empty());
    let_go(0);
    lane_.producer.loans().collect();
    EXPECT_EQ(back_, OwnersBack{owner(6)});
    EXPECT_FALSE(table_->is_out(6));
    EXPECT_EQ(out(), 0U);
}

TEST_F(References, AVisitorThatKnowsNothingOfThemGetsTheBytesAndTheBufferGoesBack) {
    ASSERT_TRUE(lend(6));
    ASSERT_EQ(lane_.receive(), 1U);
    ASSERT_EQ(lane_.inbox, (std::vector<Message>{{text(1, length), 0}}));
    lane_.producer.loans().collect();
    EXPECT_EQ(back_, OwnersBack{owner(6)});
}

TEST_F(References, TheyStandInOrderAmongOtherRecords) {
    ASSERT_TRUE(lane_.send("before"));
    ASSERT_TRUE(lend(0));
    ASSERT_TRUE(lane_.send("behind"));
    ASSERT_EQ(lane_.receive(), 3U);
    EXPECT_EQ(lane_.inbox,
              (std::vector<Message>{{"before", 0}, {text(1, length), 0}, {"behind", 0}}));
}

TEST_F(References, TheyWaitAsMessagesDo) {
    ASSERT_TRUE(lend(0));
    ASSERT_TRUE(lane_.send("behind"));
    EXPECT_EQ(lane_.consumer.waiting(10), 2U);
}

TEST_F(References, CreditsComeInAnyOrderAndForManyLaps) {
    const std::uint32_t slots = 40;
    std::uint32_t lent = 0;
    for (int round = 0; round < 3000; ++round) {
        for (std::uint32_t slot = 0; slot < slots; slot += 2)
            lent += lend(slot) ? 1 : 0;
        take();
        while (held_.size() > 5)
            let_go((held_.size() * 7 + static_cast<std::size_t>(round)) % held_.size());
        lane_.producer.loans().collect();
        ASSERT_EQ(back_.size() + out(), lent) << "round " << round;
    }
    EXPECT_GT(lent, 3 * table_->map().credits);
    EXPECT_EQ(lane_.tx.credits_ignored, 0U);
    EXPECT_EQ(lane_.consumer.credits().held(), held_.size());
}

TEST_F(References, NoMoreAreOutThanTheCreditRingHolds) {
    const std::uint32_t credits = table_->map().credits;
    std::uint32_t lent = 0;
    ASSERT_GT(table_->map().units, 2 * credits + 10);
    for (std::uint32_t slot = 0; slot < 2 * credits + 10; slot += 2) {
        lent += lend(slot) ? 1 : 0;
        take();
    }
    EXPECT_EQ(lent, credits);
    while (!held_.empty())
        let_go(held_.size() - 1);
    lane_.producer.loans().collect();
    EXPECT_EQ(out(), 0U);
    EXPECT_EQ(back_.size(), lent);
}

// Z1
TEST_F(References, ACreditThatComesTwiceIsIgnored) {
    ASSERT_TRUE(lend(6));
    ASSERT_EQ(take(), 1U);
    const std::uint64_t cookie = held_[0].cookie;
    let_go(0);
    lane_.consumer.credits().give_back(cookie);
    lane_.producer.loans().collect();
    EXPECT_EQ(back_.size(), 1U);
    ASSERT_TRUE(lend(6));
    lane_.consumer.credits().give_back(cookie);
    sweep_sender();
    lane_.producer.loans().collect();
    EXPECT_EQ(back_.size(), 1U);
    EXPECT_TRUE(table_->is_out(6));
    EXPECT_EQ(lane_.tx.credits_ignored, 2U);
}

TEST_F(References, CreditsForWhatWasNeverLentAreIgnored) {
    for (const std::uint64_t cookie : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{77}})
        lane_.consumer.credits().give_back(cookie);
    ASSERT_TRUE(lend(6));
    lane_.producer.loans().collect();
    EXPECT_TRUE(back_.empty());
    EXPECT_EQ(lane_.tx.credits_ignored, 3U);
}

TEST_F(References, AnotherLanesCreditDoesNotCount) {
    ASSERT_TRUE(lend(6));
    LaneLoans other;
    other.bind(*table_, back_, lane_.fabric.geometry(), PlainLane::source, 3, 0, lane_.tx);
    other.open(7);
    other.lend(8, owner(8));
    CreditWriter<WriteBack> writer;
    writer.bind(lane_.fabric.region(), lane_.fabric.geometry(), 3, PlainLane::source, 0);
    writer.begin();
    ASSERT_EQ(take(), 1U);
    writer.give_back(held_[0].cookie);
    other.collect();
    EXPECT_TRUE(back_.empty());
    EXPECT_TRUE(table_->is_out(6));
    EXPECT_EQ(other.out(), 1U);
}

// Z2: what the receiver had not taken comes back at once, what it holds when it lets go.
TEST_F(References, APoisonedLaneGivesBackWhatItsConsumerDidNotTake) {
    for (std::uint32_t slot = 0; slot < 8; slot += 2)
        ASSERT_TRUE(lend(slot));
    ASSERT_EQ(take(2), 2U);
    lane_.word(lane_.consumer.position()) = ~std::uint64_t{0};
    take();
    ASSERT_EQ(lane_.consumer.state(), ConsumerState::poisoned);
    settle();
    EXPECT_EQ(back_, (OwnersBack{owner(4), owner(6)}));
    EXPECT_EQ(out(), 2U);
    let_go(0);
    let_go(0);
    settle();
    EXPECT_EQ(back_.size(), 4U);
    EXPECT_EQ(lane_.consumer.credits().held(), 0U);
}

TEST_F(References, ARevokedLaneIsDrainedFirst) {
    ASSERT_TRUE(lend(0));
    ASSERT_TRUE(lend(2));
    lane_.consumer.revoke();
    settle();
    EXPECT_EQ(held_.size(), 2U);
    EXPECT_EQ(out(), 2U);
    EXPECT_TRUE(back_.empty());
}

TEST_F(References, WhatANewSessionLendsIsNotMistakenForTheLastOnes) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    lane_.consumer.revoke();
    settle();
    ASSERT_TRUE(lane_.open());
    ASSERT_TRUE(lend(2));
    settle();
    EXPECT_EQ(held_.size(), 2U);
    EXPECT_TRUE(back_.empty());
    let_go(0);
    let_go(0);
    settle();
    EXPECT_EQ(back_.size(), 2U);
}

TEST_F(References, AClosedLaneGivesBackWhatIsLeft) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    ASSERT_TRUE(lend(2));
    lane_.producer.close();
    lane_.consumer.serve();
    take();
    take();
    lane_.producer.service(lane_.peer(), lane_.now);
    EXPECT_EQ(held_.size(), 2U);
    EXPECT_EQ(out(), 2U);
    while (!held_.empty())
        let_go(0);
    lane_.producer.service(lane_.peer(), lane_.now);
    EXPECT_EQ(out(), 0U);
}

// The answer to a request that was given up in between does not hide what happened before it.
TEST_F(References, ARequestGivenUpHidesNothing) {
    for (std::uint32_t slot = 0; slot < 8; slot += 2)
        ASSERT_TRUE(lend(slot));
    ASSERT_EQ(take(2), 2U);
    lane_.word(lane_.consumer.position()) = ~std::uint64_t{0};
    take();
    ASSERT_EQ(lane_.consumer.state(), ConsumerState::poisoned);
    lane_.producer.close();
    lane_.producer.ask(lane_.peer(), lane_.now);
    lane_.consumer.serve();
    lane_.producer.close();
    lane_.producer.ask(lane_.peer(), lane_.now);
    settle();
    EXPECT_EQ(back_, (OwnersBack{owner(4), owner(6)}));
}

// The sender closes by itself, before it sees that its lane was poisoned, and has no more to say.
TEST_F(References, AClosedLanesNakIsSeenTo) {
    for (std::uint32_t slot = 0; slot < 8; slot += 2)
        ASSERT_TRUE(lend(slot));
    ASSERT_EQ(take(2), 2U);
    lane_.word(lane_.consumer.position()) = ~std::uint64_t{0};
    lane_.producer.close();
    take();
    lane_.consumer.serve();
    lane_.producer.service(lane_.peer(), lane_.now);
    EXPECT_EQ(back_, (OwnersBack{owner(4), owner(6)}));
}

// A restarted sender: credits for what its predecessor lent come before it has lent as much itself.
TEST_F(References, OldCreditsAndNewOnesFitTheRing) {
    const std::uint32_t credits = table_->map().credits;
    for (std::uint32_t slot = 0; slot < 2 * credits; slot += 2) {
        ASSERT_TRUE(lend(slot));
        take();
    }
    ASSERT_EQ(held_.size(), credits);
    start_sender();
    settle();
    EXPECT_FALSE(lane_.producer.may_lend());
    while (!held_.empty())
        let_go(held_.size() - 1);
    settle();
    for (int round = 0; round < 3; ++round) {
        for (std::uint32_t slot = 0; slot < 2 * credits; slot += 2) {
            ASSERT_TRUE(lend(slot)) << slot;
            take();
        }
        while (!held_.empty())
            let_go(held_.size() - 1);
        lane_.producer.loans().collect();
        ASSERT_EQ(out(), 0U);
    }
}

// The receiver ends: its program holds nothing any more.
TEST_F(References, ADeadReceiverHoldsNothing) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    ASSERT_TRUE(lend(2));
    lane_.fabric.server().end(PlainLane::destination);
    sweep_sender();
    EXPECT_EQ(out(), 0U);
    EXPECT_EQ(back_.size(), 2U);
}

TEST_F(References, ARestartedReceiverGoesOnWhereItsCreditsEnded) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(lend(0));
        ASSERT_EQ(take(), 1U);
        let_go(0);
        lane_.producer.loans().collect();
    }
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    held_.clear();
    lane_.start_consumer();
    settle();
    EXPECT_EQ(out(), 0U);
    ASSERT_TRUE(lane_.open());
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    let_go(0);
    lane_.producer.loans().collect();
    EXPECT_EQ(out(), 0U);
    EXPECT_EQ(back_.size(), 7U);
    EXPECT_EQ(lane_.tx.credits_ignored, 0U);
}

// Z4: the sender ends while the receiver's application looks at its buffers.
TEST_F(References, ARestartedSenderLeavesAloneWhatIsStillRead) {
    for (std::uint32_t slot = 0; slot < 8; slot += 2)
        ASSERT_TRUE(lend(slot));
    ASSERT_EQ(take(2), 2U);
    start_sender();
    for (std::uint32_t slot = 0; slot < 8; slot += 2)
        EXPECT_TRUE(table_->is_out(slot)) << slot;
    EXPECT_FALSE(table_->is_out(1));
    settle();
    // The receiver drained what the dead one had committed, and holds all four.
    ASSERT_EQ(held_.size(), 4U);
    EXPECT_EQ(out(), 4U);
    ASSERT_TRUE(lane_.open());
    ASSERT_TRUE(lend(8));
    take();
    while (!held_.empty())
        let_go(0);
    settle();
    EXPECT_EQ(out(), 0U);
    EXPECT_FALSE(table_->is_out(0));
    EXPECT_EQ(back_, OwnersBack{owner(8)}) << "nobody waits for what the dead one lent";
}

TEST_F(References, ARestartedSenderIsFreeWhenNobodyHoldsAnything) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    let_go(0);
    start_sender();
    EXPECT_TRUE(table_->is_out(0)) << "it may still be in the lane, for all that is known";
    settle();
    EXPECT_FALSE(table_->is_out(0));
}

TEST_F(References, BothRestartAndNothingIsOut) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    held_.clear();
    lane_.start_consumer();
    start_sender();
    EXPECT_FALSE(table_->is_out(0));
    EXPECT_EQ(out(), 0U);
}

// A hostile port: whatever stands in a record, nothing outside the sender's buffers is shown.
TEST_F(References, AReferenceOutsideTheBuffersPoisonsTheLane) {
    const ArenaMap& map = table_->map();
    const auto units = static_cast<std::uint32_t>(map.units_offset);
    const auto end = static_cast<std::uint32_t>(map.bytes);
    struct Case {
        std::uint32_t offset, length;
    };
    for (const Case bad : {Case{0, 100}, Case{units - 1, 100}, Case{end, 100}, Case{end - 63, 1},
                           Case{end - 99, 100}, Case{units, 0}, Case{units, ~0U}, Case{~0U, ~0U}}) {
        ASSERT_TRUE(lane_.open());
        PlainLane::ProducerBurst burst(lane_.producer);
        burst.append_reference(0, nullptr, bad.offset, bad.length);
        burst.finish(1);
        take();
        EXPECT_EQ(lane_.consumer.state(), ConsumerState::poisoned)
            << bad.offset << ' ' << bad.length;
        settle();
    }
    EXPECT_TRUE(held_.empty());
    EXPECT_EQ(out(), 0U);
}

TEST_F(References, ScribbledCountsHeal) {
    ASSERT_TRUE(lend(0));
    ASSERT_EQ(take(), 1U);
    auto& header = at<layout::CreditHeader>(
        lane_.fabric.region(), lane_.fabric.geometry().arena_offset(PlainLane::source) +
                                   table_->map().header_offset(PlainLane::destination, 0));
    header.returned = 99;
    header.taken = 98;
    lane_.consumer.serve();
    EXPECT_EQ(header.returned, 0U);
    EXPECT_EQ(header.taken, 1U);
}

}  // namespace
}  // namespace famez::test
