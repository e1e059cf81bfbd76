// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdint>

#include <famez/arena.h>

namespace famez::test {
namespace {

TEST(ArenaMap, FitsItsArenaWhateverTheGeometry) {
    for (const std::uint32_t ports : {1U, 14U, 62U, 1000U, 4094U}) {
        for (const std::uint32_t lanes : {1U, 4U, 64U}) {
            for (unsigned shift = 6; shift <= 34; ++shift) {
                Geometry g;
                g.ports = ports;
                g.lanes = lanes;
                g.arena_bytes = std::uint64_t{1} << shift;
                const ArenaMap map = ArenaMap::of(g);
                if (!map.usable()) continue;
                EXPECT_LE(map.ring_offset(ports, lanes - 1) + map.credits * sizeof(std::uint64_t),
                          map.table_offset);
                EXPECT_LE(map.entry_offset(map.units), map.units_offset);
                EXPECT_LE(map.unit_offset(map.units), g.arena_bytes);
                EXPECT_GT(map.units, 0U);
                EXPECT_LE(map.units, ArenaMap::units_max);
            }
        }
    }
}

}  // namespace
}  // namespace famez::test
