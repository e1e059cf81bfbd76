// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <famez/error.h>
#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/memory.h>
#include <famez/region.h>

#include "fake_transport.h"

namespace famez::test {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

GeometryRequest request(std::uint32_t ports, std::uint64_t region) {
    GeometryRequest r;
    r.ports = ports;
    r.region_bytes = region;
    return r;
}

std::string refusal(const GeometryRequest& r) {
    try {
        Geometry::plan(r);
    } catch (const FabricError& error) {
        return error.what();
    }
    return "";
}

// Each area of each port, in order, apart and inside.
void expect_sound(const Geometry& g) {
    std::uint64_t end = g.header_offset + sizeof(layout::FabricHeader);
    const auto area = [&end](std::uint64_t begin, std::uint64_t bytes) {
        EXPECT_EQ(begin % layout::line_bytes, 0U);
        EXPECT_GE(begin, end);
        end = begin + bytes;
    };
    for (std::uint32_t id = 1; id <= g.ports; ++id) {
        area(g.entry_offset(id), sizeof(layout::PortEntry));
        for (std::uint32_t lane = 0; lane < g.lanes; ++lane) {
            area(g.sleep_offset(id, lane), sizeof(layout::SleepLine));
        }
    }
    area(g.lane_offset(1, 1, 0), sizeof(layout::LaneBlock));
    if (g.ports * g.lanes > 1) {
        area(g.lane_offset(g.ports, g.ports, g.lanes - 1), sizeof(layout::LaneBlock));
    }
    for (std::uint32_t id = 1; id <= g.ports; ++id) {
        area(g.ring_offset(id, 0), g.ring_bytes + layout::ring_guard_bytes);
        const std::uint32_t last = g.rings_per_slab() - 1;
        if (last != 0) area(g.ring_offset(id, last), g.ring_bytes + layout::ring_guard_bytes);
    }
    for (std::uint32_t id = 1; id <= g.ports; ++id)
        area(g.arena_offset(id), g.arena_bytes);
    EXPECT_LE(end, g.region_bytes);
}

TEST(GeometryPlan, TheDefaultFitsFourteenPorts) {
    const Geometry g = Geometry::plan({});
    EXPECT_EQ(g.ports, 14U);
    EXPECT_EQ(g.region_bytes, gib);
    EXPECT_EQ(g.ring_bytes, 1U << 20);
    EXPECT_GE(g.rings_per_slab(), 14U);
    EXPECT_GT(g.arena_bytes, 0U);
    expect_sound(g);
}

TEST(GeometryPlan, SixtyTwoPortsFitOneGib) {
    const Geometry g = Geometry::plan(request(62, gib));
    EXPECT_GE(g.rings_per_slab(), 62U);
    expect_sound(g);
}

TEST(GeometryPlan, FourThousandPortsFitALargeRegion) {
    const Geometry g = Geometry::plan(request(layout::ports_max, 64 * gib));
    expect_sound(g);
    expect_sound(Geometry::plan(request(layout::ports_max, 8 * gib)));
}

TEST(GeometryPlan, EveryNumberOfPortsIsSoundOrRefused) {
    for (std::uint32_t ports = 1; ports <= layout::ports_max; ports += ports < 80 ? 1 : 97) {
        for (const std::uint64_t region : {mib, 4 * mib, 64 * mib, gib, 16 * gib}) {
            try {
                expect_sound(Geometry::plan(request(ports, region)));
            } catch (const FabricError&) {
            }
        }
    }
}

TEST(GeometryPlan, EveryRingSizeAndLaneCountIsSoundOrRefused) {
    for (std::uint64_t ring = 4096; ring <= 16 * mib; ring *= 2) {
        for (const std::uint32_t lanes : {1U, 2U, 8U, 64U}) {
            SCOPED_TRACE(std::to_string(ring) + " x " + std::to_string(lanes));
            GeometryRequest r = request(14, 4 * gib);
            r.ring_bytes = ring;
            r.lanes = lanes;
            const std::string why = refusal(r);
            // Four rings a lane is what a slab has at least.
            if (4 * lanes * ring * 14 < 4 * gib) {
                EXPECT_EQ(why, "");
            } else if (!why.empty()) {
                EXPECT_NE(why.find("14 ports need"), std::string::npos) << why;
            }
            if (why.empty()) expect_sound(Geometry::plan(r));
        }
    }
}

TEST(GeometryPlan, RefusalsSayWhy) {
    EXPECT_NE(refusal(request(0, gib)).find("number of ports"), std::string::npos);
    EXPECT_NE(refusal(request(4095, gib)).find("number of ports"), std::string::npos);
    EXPECT_NE(refusal(request(14, 3 * mib)).find("power of two"), std::string::npos);
    EXPECT_NE(refusal(request(14, 128 * gib)).find("region size"), std::string::npos);
    GeometryRequest r;
    r.lanes = 65;
    EXPECT_NE(refusal(r).find("number of lanes"), std::string::npos);
    r = {};
    r.ring_bytes = 5000;
    EXPECT_NE(refusal(r).find("ring size"), std::string::npos);
    r = {};
    r.slab_bytes = 4096;
    EXPECT_NE(refusal(r).find("slab size"), std::string::npos);
    r.slab_bytes = 512 * 1024;
    EXPECT_EQ(refusal(r), "");
    r.lanes = 4;  // of 128 KiB and a little each
    EXPECT_NE(refusal(r).find("at least one ring (131200 bytes) a lane"), std::string::npos);
    r = {};
    r.arena_bytes = 65 * gib;
    EXPECT_NE(refusal(r).find("arena size"), std::string::npos);
    r = {};
    r.number = 256;
    EXPECT_NE(refusal(r).find("number is 256; it can be 0 to 255"), std::string::npos);
}

TEST(GeometryPlan, ASumThatDoesNotFitIsShown) {
    GeometryRequest r = request(14, 64 * mib);
    r.slab_bytes = 64 * mib;
    const std::string why = refusal(r);
    EXPECT_NE(why.find("14 ports need"), std::string::npos) << why;
    EXPECT_NE(why.find("--region-size"), std::string::npos) << why;
    EXPECT_NE(why.find("14 x"), std::string::npos) << why;
    r = request(layout::ports_max, 64 * gib);
    r.slab_bytes = 64 * mib;
    EXPECT_NE(refusal(r).find("at most 64 GiB"), std::string::npos) << refusal(r);
}

// A size that no line divides is rounded, or refused by its name: the areas do not "overlap".
TEST(GeometryPlan, OddArenaAndSlabSizes) {
    GeometryRequest r;
    r.arena_bytes = 100'000;
    EXPECT_EQ(refusal(r).find("impossible"), std::string::npos) << refusal(r);
    r = {};
    r.slab_bytes = 1'000'001;
    EXPECT_EQ(refusal(r), "");
}

TEST(GeometryPlan, TheLeastRegionHoldsOnePort) {
    GeometryRequest r = request(1, layout::region_bytes_min);
    r.ring_bytes = layout::ring_bytes_min;
    EXPECT_EQ(refusal(r), "");
}

TEST(GeometryRead, ReadsBackWhatWasPlanned) {
    const FakeFabric fabric;
    EXPECT_EQ(Geometry::read(fabric.region()), fabric.geometry());
}

TEST(GeometryRead, RefusesARegionWithoutAFabric) {
    const FencedMemory empty(2 * mib);
    EXPECT_THROW(Geometry::read(empty.bytes()), FabricError);
    EXPECT_THROW(Geometry::read(empty.bytes().first(4096)), FabricError);
    EXPECT_THROW(Geometry::read({}), FabricError);
}

TEST(GeometryRead, RefusesAnotherVersionByName) {
    const FakeFabric fabric;
    auto& header = at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset);
    header.version_minor = 7;  // only gives meaning to reserved bytes
    EXPECT_EQ(Geometry::read(fabric.region()), fabric.geometry());
    for (const std::uint32_t major : {0U, layout::version_major + 1, ~0U}) {
        header.version_major = major;
        try {
            Geometry::read(fabric.region());
            ADD_FAILURE() << "version " << major << " was accepted";
        } catch (const FabricError& error) {
            EXPECT_NE(std::string(error.what()).find("version"), std::string::npos);
        }
    }
}

TEST(GeometryRead, TheFabricsNumberIsAnOctet) {
    GeometryRequest r = FakeFabric::small_request();
    r.number = 255;
    const FakeFabric fabric(r);
    EXPECT_EQ(Geometry::read(fabric.region()).number, 255U);
    auto& header = at<layout::FabricHeader>(fabric.region(), fabric.geometry().header_offset);
    for (const std::uint64_t number :
         {std::uint64_t{256}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
        header.number = number;
        EXPECT_THROW(Geometry::read(fabric.region()), FabricError) << number;
    }
    header.number = 0;  // as in regions that are older than numbers
    EXPECT_EQ(Geometry::read(fabric.region()).number, 0U);
}

TEST(GeometryRead, RefusesAHeaderForAnotherSize) {
    const FakeFabric fabric;
    EXPECT_THROW(Geometry::read(fabric.region().first(mib)), FabricError);
}

// Whatever stands in the geometry's words: refused, or every area inside the mapping.
class HostileHeader : public testing::Test {
  protected:
    void try_read() {
        try {
            const Geometry g = Geometry::read(fabric_.region());
            ASSERT_EQ(g.region_bytes, fabric_.region().size());
            expect_sound(g);
            ++accepted_;
        } catch (const FabricError&) {
            ++refused_;
        }
    }
    [[nodiscard]] std::uint32_t* words() const {
        return &at<std::uint32_t>(fabric_.region(), fabric_.geometry().header_offset);
    }
    static constexpr std::size_t geometry_words = 128 / 4;
    FakeFabric fabric_;
    int accepted_ = 0;
    int refused_ = 0;
};

TEST_F(HostileHeader, EdgeValuesInEachWord) {
    std::vector<std::uint64_t> edges{0, 1, 63, 64, 65, 4095, 4096, 4224, ~std::uint64_t{0}};
    for (unsigned bit = 0; bit < 64; ++bit) {
        edges.push_back(std::uint64_t{1} << bit);
        edges.push_back((std::uint64_t{1} << bit) - 64);
        edges.push_back((std::uint64_t{1} << bit) + 64);
    }
    for (std::size_t i = 0; i < geometry_words / 2; ++i) {
        auto& word = reinterpret_cast<std::uint64_t*>(words())[i];
        const std::uint64_t good = word;
        for (const std::uint64_t edge : edges) {
            for (const std::uint64_t value : {edge, good + edge, good - edge, good ^ edge}) {
                word = value;
                try_read();
            }
        }
        word = good;
    }
    EXPECT_GT(refused_, 1000);
    try_read();
    EXPECT_FALSE(HasFailure());
}

TEST_F(HostileHeader, RandomWordsTogether) {
    std::mt19937_64 random(20240607);
    std::vector<std::uint32_t> good(words(), words() + geometry_words);
    for (int round = 0; round < 20000; ++round) {
        std::copy(good.begin(), good.end(), words());
        const unsigned changes = 1 + random() % 4;
        for (unsigned i = 0; i < changes; ++i) {
            // Not the magic and the version: those are quickly refused.
            const std::size_t word = 4 + random() % (geometry_words - 4);
            const std::uint32_t value = static_cast<std::uint32_t>(random());
            words()[word] = random() % 2 == 0 ? value : (value % 4096) * 64;
        }
        try_read();
        if (HasFailure()) break;
    }
    EXPECT_GT(refused_, 1000);
}

TEST_F(HostileHeader, AnyNumberOfClientsInTheMailbox) {
    auto& mail = at<layout::MailGlobals>(fabric_.region(), 0);
    for (std::uint64_t clients = 0; clients < 6000; ++clients) {
        mail.clients = clients;
        try_read();
    }
    for (unsigned bit = 0; bit < 64; ++bit) {
        mail.clients = std::uint64_t{1} << bit;
        try_read();
        mail.clients = 0 - (std::uint64_t{1} << bit);
        try_read();
    }
    EXPECT_GT(accepted_, 0);
}

}  // namespace
}  // namespace famez::test
