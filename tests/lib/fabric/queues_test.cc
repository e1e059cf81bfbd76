// SPDX-License-Identifier: BSD-3-Clause
//
// Ports with several lanes: each a producer and a consumer of its own, shared out among receive
// queues.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <string>
#include <vector>

#include <famez/endpoint.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

constexpr std::uint32_t lanes = 4;

GeometryRequest with_lanes() {
    GeometryRequest request = FakeFabric::small_request();
    request.lanes = lanes;
    return request;
}

// Every port's vectors.
class Bells {
  public:
    Bells(const FakeFabric& fabric, std::uint32_t vectors) : vectors_(vectors) {
        for (std::uint32_t i = 0; i < (fabric.geometry().ports + 1) * vectors; ++i)
            eventfds_.emplace_back(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    }
    [[nodiscard]] std::uint32_t vectors() const { return vectors_; }
    [[nodiscard]] int at(std::uint32_t id, std::uint32_t vector) const {
        return eventfds_[id * vectors_ + vector].get();
    }

  private:
    std::uint32_t vectors_;
    std::vector<UniqueFd> eventfds_;
};

class ManyVectors final : public Transport {
  public:
    ManyVectors(FakeFabric& fabric, const Bells& bells, std::uint16_t id)
        : fabric_(fabric), bells_(bells), id_(id) {
        fabric_.server().assign(id_);
        for (std::uint32_t vector = 0; vector < bells.vectors(); ++vector)
            own_.push_back(bells.at(id, vector));
    }
    ~ManyVectors() override { fabric_.server().end(id_); }
    [[nodiscard]] std::span<std::byte> region() const override { return fabric_.region(); }
    [[nodiscard]] MemoryType memory_type() const override { return MemoryType::write_back; }
    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] std::span<const int> eventfds() const override { return own_; }
    bool ring(std::uint16_t peer, std::uint16_t vector) override {
        if (peer == 0 || peer > fabric_.geometry().ports || vector >= bells_.vectors())
            return false;
        ring_eventfd(bells_.at(peer, vector));
        return true;
    }
    bool service() override { return true; }

  private:
    FakeFabric& fabric_;
    const Bells& bells_;
    std::uint16_t id_;
    std::vector<int> own_;
};

class LanesPort {
  public:
    LanesPort(FakeFabric& fabric, const Bells& bells, std::uint16_t id,
              std::uint32_t lanes_polled = layout::lanes_max)
        : transport_(fabric, bells, id), endpoint(transport_, options(lanes_polled), 0, tx, rx) {
        endpoint.port().set_capabilities(layout::cap_may_sleep);
        endpoint.port().set_state(layout::PortState::up);
    }

    bool send(std::uint32_t to, std::uint32_t lane, const std::string& message) {
        return endpoint.send(to, std::as_bytes(std::span(message)), lane);
    }
    std::vector<std::string> poll(std::uint32_t queue, std::uint32_t max = 32) {
        std::vector<std::string> came;
        endpoint.queue(queue).poll(
            max, [&](const std::byte* payload, std::uint32_t length, std::uint32_t) {
                came.emplace_back(reinterpret_cast<const char*>(payload), length);
                return true;
            });
        return came;
    }
    void settle(std::uint32_t queues) {
        endpoint.tick();
        for (std::uint32_t queue = 0; queue < queues; ++queue)
            endpoint.queue(queue).settle();
    }

  private:
    static PortOptions options(std::uint32_t lanes_polled) {
        PortOptions options;
        options.lanes = lanes_polled;
        return options;
    }
    ManyVectors transport_;

  public:
    std::array<TxCounters, lanes> tx;
    std::array<RxCounters, lanes> rx;
    Endpoint<WriteBack> endpoint;
};

class QueuesTest : public testing::Test {
  protected:
    // So many vectors that each lane has its own, or 1 that all share.
    void make(std::uint32_t vectors, std::uint32_t queues) {
        bells_.emplace(fabric_, vectors);
        to_.emplace(fabric_, *bells_, 1);
        from_.emplace(fabric_, *bells_, 2);
        queues_ = queues;
        to_->endpoint.set_queues(queues);
        for (std::uint32_t lane = 0; lane < lanes; ++lane) {
            for (int tries = 0; tries < 100 && !from_->send(1, lane, "open"); ++tries)
                to_->settle(queues);
        }
        for (int i = 0; i < 10; ++i) {
            to_->settle(queues);
            for (std::uint32_t queue = 0; queue < queues; ++queue)
                to_->poll(queue);
        }
    }
    void fall_asleep(std::uint32_t queue) {
        to_->endpoint.sleeper(queue).fall_asleep(to_->endpoint.queue(queue));
    }
    bool rung(std::uint32_t queue) {
        pollfd state{to_->endpoint.sleeper(queue).fd(), POLLIN, 0};
        return ::poll(&state, 1, 0) == 1;
    }
    [[nodiscard]] std::uint32_t own_vectors() const { return fabric_.geometry().ports + 2 + 3; }

    FakeFabric fabric_{with_lanes()};
    std::optional<Bells> bells_;
    std::optional<LanesPort> to_;
    std::optional<LanesPort> from_;
    std::uint32_t queues_ = 0;
};

TEST_F(QueuesTest, ALaneAQueue) {
    make(1, lanes);
    for (std::uint32_t lane = 0; lane < lanes; ++lane)
        ASSERT_TRUE(from_->send(1, lane, "on " + std::to_string(lane)));
    for (std::uint32_t queue = 0; queue < lanes; ++queue)
        EXPECT_EQ(to_->poll(queue), std::vector{"on " + std::to_string(queue)});
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        EXPECT_EQ(from_->tx[lane].messages, 2U);  // with the one that opened it
        EXPECT_EQ(to_->rx[lane].lanes_granted, 1U);
        EXPECT_EQ(to_->rx[lane].rings_held, 1U);
    }
}

TEST_F(QueuesTest, FewerQueuesShareTheLanes) {
    make(1, 3);
    for (std::uint32_t lane = 0; lane < lanes; ++lane)
        ASSERT_TRUE(from_->send(1, lane, std::to_string(lane)));
    auto first = to_->poll(0);
    std::sort(first.begin(), first.end());
    EXPECT_EQ(first, (std::vector<std::string>{"0", "3"}));
    EXPECT_EQ(to_->poll(1), std::vector<std::string>{"1"});
    EXPECT_EQ(to_->poll(2), std::vector<std::string>{"2"});
}

TEST_F(QueuesTest, OneQueueStarvesNoLane) {
    make(1, 1);
    std::array<int, lanes> came{};
    for (int round = 0; round < 40; ++round) {
        for (std::uint32_t lane = 0; lane < lanes; ++lane) {
            while (from_->send(1, lane, std::to_string(lane)))  // every lane stays full
                ;
        }
        for (const std::string& message : to_->poll(0, 8))
            ++came[std::stoul(message)];
    }
    for (const int messages : came)
        EXPECT_EQ(messages, 80);
}

TEST_F(QueuesTest, LanesCanBeSharedOutAnew) {
    make(own_vectors(), lanes);
    for (const std::uint32_t queues : {1U, 2U, 4U}) {
        to_->endpoint.set_queues(queues);
        ASSERT_TRUE(from_->send(1, 3, "x"));
        EXPECT_EQ(to_->poll(3 % queues), std::vector<std::string>{"x"}) << queues;
    }
    EXPECT_EQ(from_->tx[3].lanes_requested, 1U);
}

TEST_F(QueuesTest, NobodySendsOnLanesThatAreNotPolled) {
    make(1, 1);
    LanesPort simple(fabric_, *bells_, 3, 1);
    EXPECT_FALSE(from_->endpoint.sender(2).up(3));
    EXPECT_TRUE(from_->endpoint.sender(0).up(3));
    EXPECT_FALSE(from_->send(3, 2, "x"));
    EXPECT_EQ(from_->endpoint.sender(2).to(3).state(), ProducerState::idle);
    EXPECT_EQ(from_->tx[2].lanes_requested, 1U);  // to port 1
}

// Its lane number's, whatever the others hold.
TEST_F(QueuesTest, EachLaneNumberHasItsPartOfTheSlab) {
    make(1, 1);
    const Geometry& g = fabric_.geometry();
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const auto& block = at<layout::LaneBlock>(fabric_.region(), g.lane_offset(1, 2, lane));
        const std::uint64_t ring = (block.grant.ring_offset - g.slab_offset(1)) / g.ring_stride();
        EXPECT_EQ(ring / g.rings_per_lane(), lane);
    }
}

// A program that starts again while its senders live on: their rings stay theirs (G1).
TEST_F(QueuesTest, ARestartKeepsEachLanesRing) {
    make(1, 2);
    to_.reset();
    to_.emplace(fabric_, *bells_, 1);
    for (std::uint32_t lane = 0; lane < lanes; ++lane)
        EXPECT_EQ(to_->endpoint.receiver(lane).waiting(8), 0U);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        bool sent = false;
        for (int tries = 0; tries < 100 && !sent; ++tries) {
            from_->endpoint.tick();
            sent = from_->send(1, lane, "again");
            to_->settle(1);
        }
        EXPECT_TRUE(sent) << lane;
    }
}

TEST_F(QueuesTest, ALaneWithAVectorWakesItsQueueAlone) {
    make(own_vectors(), lanes);
    for (int i = 0; i < 3; ++i)
        to_->endpoint.tick();
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        for (std::uint32_t queue = 0; queue < lanes; ++queue)
            fall_asleep(queue);
        ASSERT_TRUE(from_->send(1, lane, "x"));
        for (std::uint32_t queue = 0; queue < lanes; ++queue)
            EXPECT_EQ(rung(queue), queue == lane) << lane;
        for (std::uint32_t queue = 0; queue < lanes; ++queue)
            to_->endpoint.sleeper(queue).wake_up();
        EXPECT_EQ(to_->poll(lane).size(), 1U);
        fall_asleep(lane);
        EXPECT_FALSE(rung(lane));
        EXPECT_EQ(to_->rx[lane].doorbells, 1U);
        to_->endpoint.sleeper(lane).wake_up();
    }
}

// A queue that wakes must not swallow the doorbell of another.
TEST_F(QueuesTest, QueuesThatShareAVectorAllWake) {
    make(1, 2);
    for (int i = 0; i < 3; ++i)
        to_->endpoint.tick();
    fall_asleep(0);
    fall_asleep(1);
    EXPECT_FALSE(rung(0));
    EXPECT_FALSE(rung(1));
    ASSERT_TRUE(from_->send(1, 0, "x"));
    ASSERT_TRUE(from_->send(1, 3, "y"));
    to_->endpoint.sleeper(0).wake_up();
    EXPECT_EQ(to_->poll(0).size(), 1U);
    fall_asleep(0);  // it takes the rings so far
    EXPECT_FALSE(rung(0));
    EXPECT_TRUE(rung(1));
    EXPECT_EQ(to_->poll(1).size(), 1U);
}

TEST_F(QueuesTest, EveryLaneOfAQueueWakesIt) {
    make(own_vectors(), 2);
    for (int i = 0; i < 3; ++i)
        to_->endpoint.tick();
    for (const std::uint32_t lane : {1U, 3U, 1U}) {
        fall_asleep(0);
        fall_asleep(1);
        ASSERT_TRUE(from_->send(1, lane, "x"));
        EXPECT_TRUE(rung(1));
        EXPECT_FALSE(rung(0));
        to_->endpoint.sleeper(0).wake_up();
        to_->endpoint.sleeper(1).wake_up();
        EXPECT_EQ(to_->poll(1).size(), 1U);
    }
}

TEST_F(QueuesTest, AChangeOfTheTableWakesAllQueues) {
    make(own_vectors(), lanes);
    for (int i = 0; i < 3; ++i)
        to_->endpoint.tick();
    for (std::uint32_t queue = 0; queue < lanes; ++queue)
        fall_asleep(queue);
    EXPECT_EQ(fabric_.server().sleepers().size(), lanes);
    from_->endpoint.port().set_state(layout::PortState::stopped);
    for (std::uint32_t queue = 0; queue < lanes; ++queue)
        EXPECT_TRUE(rung(queue));
}

TEST_F(QueuesTest, ALieAboutAVectorHurtsNobodyElse) {
    make(own_vectors(), lanes);
    for (int i = 0; i < 3; ++i)
        to_->endpoint.tick();
    fall_asleep(2);
    auto& line = at<layout::SleepLine>(fabric_.region(), fabric_.geometry().sleep_offset(1, 2));
    line.vector = ~std::uint64_t{0};
    EXPECT_TRUE(from_->send(1, 2, "x"));  // rings vector 0 instead
    EXPECT_FALSE(rung(2));
    to_->endpoint.tick();
    to_->endpoint.tick();
    EXPECT_TRUE(rung(2));  // the slow timer
    to_->endpoint.sleeper(2).wake_up();
    fall_asleep(2);
    EXPECT_EQ(line.vector, own_vectors() - 2);
}

}  // namespace
}  // namespace famez::test
