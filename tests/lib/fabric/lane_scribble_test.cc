// SPDX-License-Identifier: BSD-3-Clause
//
// Any port can write anywhere. One word at a time is destroyed under a lane; each must heal, at
// once or within the producer's patience.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lane_fixture.h"

namespace famez::test {
namespace {

constexpr int patience = 80;  // ticks

struct Target {
    std::string name;
    std::function<std::uint64_t&(PlainLane&)> word;
};

std::vector<Target> targets() {
    return {
        {"request", [](PlainLane& l) -> std::uint64_t& { return l.block().request.request; }},
        {"consumer_epoch",
         [](PlainLane& l) -> std::uint64_t& { return l.block().request.consumer_epoch; }},
        {"producer_epoch",
         [](PlainLane& l) -> std::uint64_t& { return l.block().request.producer_epoch; }},
        {"last_nonce", [](PlainLane& l) -> std::uint64_t& { return l.block().request.last_nonce; }},
        {"ack", [](PlainLane& l) -> std::uint64_t& { return l.block().grant.ack; }},
        {"ring_offset", [](PlainLane& l) -> std::uint64_t& { return l.block().grant.ring_offset; }},
        {"position", [](PlainLane& l) -> std::uint64_t& { return l.block().grant.position; }},
        {"taken", [](PlainLane& l) -> std::uint64_t& { return l.block().grant.taken; }},
        {"final_position",
         [](PlainLane& l) -> std::uint64_t& { return l.block().grant.final_position; }},
        {"final_taken", [](PlainLane& l) -> std::uint64_t& { return l.block().grant.final_taken; }},
    };
}

std::vector<std::uint64_t> values(std::uint64_t good) {
    return {0,
            1,
            good + 1,
            good - 1,
            good + 8,
            good ^ layout::request_nak,
            good + 4224,
            good / 2,
            std::uint64_t{1} << 62,
            layout::request_nak,
            ~std::uint64_t{0}};
}

// When the word is destroyed.
enum class Moment { before_answer, before_open, running, behind_traffic, nak };

void reach(PlainLane& lane, Moment moment) {
    if (moment == Moment::before_answer || moment == Moment::before_open) {
        lane.consumer.serve();
        lane.service();
        if (moment == Moment::before_open) lane.consumer.serve();
        return;
    }
    ASSERT_TRUE(lane.open());
    if (moment == Moment::behind_traffic) {
        for (int i = 0; i < 300; ++i) {
            ASSERT_TRUE(lane.send(text(1, 56)));
            lane.poll();
        }
        ASSERT_TRUE(lane.send("in flight"));
    }
    if (moment == Moment::nak) {
        lane.word(0) = ~std::uint64_t{0};
        lane.poll();
    }
}

TEST(LaneScribble, EachWordHeals) {
    for (const Moment moment : {Moment::before_answer, Moment::before_open, Moment::running,
                                Moment::behind_traffic, Moment::nak}) {
        for (const Target& target : targets()) {
            PlainLane sample;
            reach(sample, moment);
            for (const std::uint64_t value : values(target.word(sample))) {
                SCOPED_TRACE(target.name + " = " + std::to_string(value) + " at moment " +
                             std::to_string(static_cast<int>(moment)));
                PlainLane lane;
                reach(lane, moment);
                target.word(lane) = value;
                EXPECT_TRUE(lane.heals(patience));
                // The first may have gone through before anybody noticed; then it stays well.
                lane.heals(5);
                EXPECT_TRUE(lane.heals(patience));
                EXPECT_TRUE(lane.heals(1));
            }
        }
    }
}

TEST(LaneScribble, EachRingWordHeals) {
    for (std::uint64_t offset = 0; offset < 256; offset += 8) {
        for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0},
                                          record::header_base(record::Kind::data, 1),
                                          record::header_base(record::Kind::pad, 0) | 4088}) {
            SCOPED_TRACE(std::to_string(offset) + " = " + std::to_string(value));
            PlainLane lane;
            ASSERT_TRUE(lane.open());
            ASSERT_TRUE(lane.send(text(1, 56)));
            ASSERT_TRUE(lane.send(text(2, 56)));
            ASSERT_TRUE(lane.send(text(3, 56)));
            lane.word(offset) = value;
            EXPECT_TRUE(lane.heals(patience));
        }
    }
}

TEST(LaneScribble, EachTableWordOfEitherEndHealsOnceItsOwnerRestoresIt) {
    for (const std::uint32_t id : {PlainLane::destination, PlainLane::source}) {
        for (std::size_t word = 0; word < 4; ++word) {
            for (const std::uint32_t value : {0U, 1U, 2U, 3U, 7U, ~0U}) {
                SCOPED_TRACE(std::to_string(id) + " word " + std::to_string(word) + " = " +
                             std::to_string(value));
                PlainLane lane;
                ASSERT_TRUE(lane.open());
                auto& entry = port_entry(lane.fabric.region(), lane.fabric.geometry(), id);
                std::uint32_t* const words[] = {&entry.assignment.generation,
                                                &entry.assignment.assigned, &entry.status.state,
                                                &entry.status.start_count};
                const std::uint32_t good = *words[word];
                *words[word] = value;
                lane.heals(3);
                *words[word] = good;
                EXPECT_TRUE(lane.heals(patience));
            }
        }
    }
}

// A lie about the position costs messages, never a step outside the ring.
TEST(LaneScribble, APositionThatGoesBackOrAheadIsRefused) {
    PlainLane lane;
    ASSERT_TRUE(lane.open());
    while (lane.send(text(1, 56))) {
    }
    for (const std::uint64_t lie :
         {~std::uint64_t{0}, std::uint64_t{1} << 63, lane.fabric.geometry().ring_bytes + 8}) {
        lane.block().grant.position = lie;
        EXPECT_FALSE(lane.send(text(1, 56)));
    }
    EXPECT_EQ(lane.poll(1000), 63U);
    EXPECT_EQ(lane.rx.lane_poisoned, 0U);
}

}  // namespace
}  // namespace famez::test
