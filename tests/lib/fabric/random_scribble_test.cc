// SPDX-License-Identifier: BSD-3-Clause
//
// A third port that writes anything anywhere, while two others talk. While it does, nothing is
// promised but that both live; once it stops, their own ticks put everything right.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "endpoint_fixture.h"
#include "lane_fixture.h"

namespace famez::test {
namespace {

constexpr std::uint32_t seeds_default = 800;
constexpr int healing_ticks = 60;

class Scribbler {
  public:
    Scribbler(FakeFabric& fabric, std::uint32_t seed)
        : region_(fabric.region()), geometry_(fabric.geometry()), random_(seed) {}

    std::uint64_t below(std::uint64_t end) { return random_() % end; }

    void scribble() {
        auto& word = at<std::uint64_t>(region_, place());
        word = value(word);
    }

  private:
    // Any word of an area; those that decide most are met most often.
    std::uint64_t place() {
        const std::uint64_t ports = geometry_.ports;
        const auto in = [this](std::uint64_t begin, std::uint64_t bytes) {
            return begin + below(bytes / 8) * 8;
        };
        const auto a = static_cast<std::uint32_t>(1 + below(2));
        const std::uint32_t b = below(8) == 0 ? a : 3 - a;
        switch (below(8)) {
            case 0:
            case 1:
            case 2:
                return in(geometry_.lane_offset(a, b, 0), sizeof(layout::LaneBlock));
            case 3:
                return in(ring_in_use(a, b), below(2) == 0 ? 256 : geometry_.ring_bytes);
            case 4:
                return in(geometry_.entry_offset(a), 3 * layout::line_bytes);
            case 5:
                return in(geometry_.lanes_offset, ports * ports * geometry_.lane_stride);
            case 6:
                return in(geometry_.table_offset, ports * geometry_.table_stride);
            default:
                return in(geometry_.header_offset, 256);
        }
    }

    std::uint64_t ring_in_use(std::uint32_t to, std::uint32_t from) {
        const std::uint64_t ring =
            at<layout::LaneBlock>(region_, geometry_.lane_offset(to, from, 0)).grant.ring_offset;
        const bool inside = ring % 8 == 0 && ring >= geometry_.slabs_offset &&
                            ring < geometry_.slabs_offset + geometry_.slab_bytes * geometry_.ports;
        return inside ? ring : geometry_.slab_offset(to);
    }

    std::uint64_t value(std::uint64_t old) {
        constexpr std::uint64_t top = ~std::uint64_t{0};
        switch (below(8)) {
            case 0:
                return random_();
            case 1:
                return old ^ std::uint64_t{1} << below(64);
            case 2:
                return 0;
            case 3:
                return top - below(2 * geometry_.ring_bytes);
            case 4:
                return (std::uint64_t{1} << 63) - 64 + below(128);
            case 5:
                return old + below(64) - 32;
            case 6:  // a header that could be one
                return record::header_base(static_cast<record::Kind>(below(4)),
                                           static_cast<std::uint32_t>(below(64))) |
                       below(below(2) == 0 ? 128 : record::length_mask + 1);
            default:
                return at<std::uint64_t>(region_, place());  // a word from elsewhere
        }
    }

    std::span<std::byte> region_;
    const Geometry geometry_;
    std::mt19937_64 random_;
};

class Pair {
  public:
    explicit Pair(std::uint32_t seed) : scribbler_(fabric_, seed) {
        fabric_.server().assign(1);
        fabric_.server().assign(2);
        for (const std::uint32_t id : {1U, 2U})
            start(id);
    }

    // Some traffic both ways, ticks now and then, and scribbles between any two steps.
    void disturb(bool restarts) {
        for (int step = 0; step < 60; ++step) {
            const auto id = static_cast<std::uint32_t>(1 + scribbler_.below(2));
            TestPort& port = *ports_[id];
            switch (scribbler_.below(4)) {
                case 0:
                    port.endpoint.tick();
                    break;
                case 1:
                    port.poll(static_cast<std::uint32_t>(1 + scribbler_.below(32)));
                    break;
                case 2:
                    port.turn();
                    break;
                default:
                    for (std::uint64_t i = scribbler_.below(20); i > 0; --i) {
                        port.send(3 - id, text(number_++, 1 + scribbler_.below(200)));
                    }
            }
            if (scribbler_.below(16) == 0) fabric_.server().tick();
            if (restarts && scribbler_.below(20) == 0) start(id);
            for (std::uint64_t i = scribbler_.below(4); i > 0; --i)
                scribbler_.scribble();
        }
    }

    void heal() {
        for (int tick = 0; tick < healing_ticks; ++tick) {
            fabric_.server().tick();
            for (const std::uint32_t id : {1U, 2U})
                ports_[id]->send(3 - id, text(number_++, 40));
            for (const std::uint32_t id : {1U, 2U})
                ports_[id]->turn();
        }
    }

    // A run of messages goes through whole, in order, without a loss and without delay.
    void expect_well() {
        for (const std::uint32_t from : {1U, 2U}) {
            TestPort& to = *ports_[3 - from];
            to.inbox.clear();
            std::vector<std::string> sent;
            for (std::uint32_t i = 0; i < 100; ++i) {
                sent.push_back(text(number_++, 1 + scribbler_.below(200)));
                ASSERT_TRUE(ports_[from]->send(3 - from, sent.back())) << "message " << i;
                to.poll();
            }
            to.turn();
            ASSERT_EQ(to.inbox, sent) << "from port " << from;
        }
    }

  private:
    void start(std::uint32_t id) {
        ports_[id] = nullptr;
        // A start reads what stands in the region: no promise is made to those who start while
        // somebody scribbles, but that they are told. The server has put its words right.
        fabric_.server().tick();
        auto& status = port_entry(fabric_.region(), fabric_.geometry(), id).status;
        if (status.start_count == ~0U) status.start_count = 1000;
        ports_[id] = std::make_unique<TestPort>(fabric_, static_cast<std::uint16_t>(id));
    }

    FakeFabric fabric_;
    Scribbler scribbler_;
    std::array<std::unique_ptr<TestPort>, 3> ports_;  // by id
    std::uint32_t number_ = 0;
};

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 0));
}

// FAMEZ_TEST_SEED repeats a run that failed; FAMEZ_TEST_SEEDS says how many to try.
void run(bool restarts) {
    const std::uint32_t first = setting("FAMEZ_TEST_SEED", 1);
    const std::uint32_t count =
        setting("FAMEZ_TEST_SEEDS", std::getenv("FAMEZ_TEST_SEED") != nullptr ? 1 : seeds_default);
    for (std::uint32_t seed = first; seed - first < count; ++seed) {
        SCOPED_TRACE("FAMEZ_TEST_SEED=" + std::to_string(seed));
        Pair pair(seed);
        pair.disturb(restarts);
        pair.heal();
        pair.expect_well();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(RandomScribble, TrafficHeals) {
    run(false);
}

TEST(RandomScribble, TrafficOfPortsThatStartAgainHeals) {
    run(true);
}

}  // namespace
}  // namespace famez::test
