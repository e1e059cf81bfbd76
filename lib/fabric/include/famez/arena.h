// SPDX-License-Identifier: BSD-3-Clause
//
// Where things lie in a port's arena, and what a credit says (doc/zero-copy.md). Everything follows
// from the geometry, so both ends of a lane come to the same.
//
//     credit headers   a line for each (destination, lane)            written by the destination
//     credit rings     a ring of words for each (destination, lane)   written by the destination
//     slot table       an entry a unit                                written by the owner
//     units            packet buffers; a buffer is one or more units and is named by its first
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include <famez/geometry.h>
#include <famez/layout.h>

namespace famez {

struct ArenaMap {
    std::uint64_t bytes = 0;  // of the arena, as far as references reach
    std::uint32_t credits =
        0;  // words of a credit ring: most references out on a lane. 0: no arena
    std::uint32_t lanes = 0;
    std::uint64_t rings_offset = 0;
    std::uint64_t table_offset = 0;
    std::uint64_t units_offset = 0;
    std::uint32_t units = 0;
    std::uint32_t unit_shift = 0;

    static constexpr std::uint64_t bytes_max = std::uint64_t{1} << 32;  // offsets have 32 bits
    static constexpr std::uint32_t units_max = 1U << 20;                // slots have 20
    static constexpr std::uint32_t credits_most = 4096;
    static constexpr std::uint32_t credits_least = 64;
    static constexpr std::uint32_t unit_shift_least = 10;

    // An arena too small for its credit rings is not used: credits is 0.
    static constexpr ArenaMap of(const Geometry& g) {
        ArenaMap map;
        map.bytes = std::min(g.arena_bytes, bytes_max);
        map.lanes = g.lanes;
        const std::uint64_t rings = std::uint64_t{g.ports} * g.lanes;
        // At most an eighth of the arena.
        const std::uint64_t fitting = map.bytes / 8 / rings / sizeof(std::uint64_t);
        if (fitting < credits_least) return map;
        const auto credits = static_cast<std::uint32_t>(
            std::bit_floor(std::min<std::uint64_t>(fitting, credits_most)));
        while ((map.bytes >> (map.unit_shift_least + map.unit_shift)) > units_max)
            ++map.unit_shift;
        map.unit_shift += unit_shift_least;
        map.rings_offset = rings * layout::line_bytes;
        map.table_offset = map.rings_offset + rings * ring_stride(credits);
        const std::uint64_t rest = map.bytes - map.table_offset;
        const std::uint64_t unit = std::uint64_t{1} << map.unit_shift;
        map.units = static_cast<std::uint32_t>(rest / (unit + sizeof(layout::SlotEntry)));
        // Aligned so that a unit never begins inside a line.
        map.units_offset =
            (map.table_offset + map.units * sizeof(layout::SlotEntry) + unit - 1) & ~(unit - 1);
        if (map.units_offset + map.units * unit > map.bytes) --map.units;
        map.credits = credits;
        return map;
    }

    [[nodiscard]] constexpr bool usable() const { return credits != 0; }
    [[nodiscard]] constexpr std::uint64_t header_offset(std::uint32_t destination,
                                                        std::uint32_t lane) const {
        return index(destination, lane) * layout::line_bytes;
    }
    [[nodiscard]] constexpr std::uint64_t ring_offset(std::uint32_t destination,
                                                      std::uint32_t lane) const {
        return rings_offset + index(destination, lane) * ring_stride(credits);
    }
    [[nodiscard]] constexpr std::uint64_t entry_offset(std::uint32_t slot) const {
        return table_offset + slot * sizeof(layout::SlotEntry);
    }
    [[nodiscard]] constexpr std::uint64_t unit_offset(std::uint32_t slot) const {
        return units_offset + (std::uint64_t{slot} << unit_shift);
    }
    // The unit that the byte at `offset` lies in; at or above `units` when it lies in none.
    [[nodiscard]] constexpr std::uint64_t slot_at(std::uint64_t offset) const {
        return (offset - units_offset) >> unit_shift;
    }

  private:
    // A line more than the words: the first lines of many rings then fall into different sets.
    static constexpr std::uint64_t ring_stride(std::uint32_t credits) {
        return credits * sizeof(std::uint64_t) + layout::line_bytes;
    }
    [[nodiscard]] constexpr std::uint64_t index(std::uint32_t destination,
                                                std::uint32_t lane) const {
        return std::uint64_t{destination - 1} * lanes + lane;
    }
};

// A cookie names a loan: slot in bits 0..19, its use count in 20..31, the sender's start count in
// 32..39 (for people who look). A credit word is a cookie with the number of the credit in bits
// 40..63, counted from 1: a ring is never cleared, and a word of another number is not there yet.
namespace credit {

inline constexpr std::uint64_t slot_mask = (std::uint64_t{1} << 20) - 1;
inline constexpr unsigned use_shift = 20;
inline constexpr std::uint32_t use_mask = 0xfff;
inline constexpr unsigned tag_shift = 32;
inline constexpr unsigned number_shift = 40;
inline constexpr std::uint64_t cookie_mask = (std::uint64_t{1} << number_shift) - 1;

constexpr std::uint64_t cookie(std::uint32_t slot, std::uint32_t use, std::uint64_t tag) {
    return slot | std::uint64_t{use & use_mask} << use_shift | (tag & 0xff) << tag_shift;
}
constexpr std::uint32_t slot(std::uint64_t word) {
    return static_cast<std::uint32_t>(word & slot_mask);
}
constexpr std::uint32_t use(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> use_shift) & use_mask;
}
// The word of the credit that is to be the `number`-th, counted from 0.
constexpr std::uint64_t word(std::uint64_t cookie, std::uint64_t number) {
    return (cookie & cookie_mask) | (number + 1) << number_shift;
}
constexpr bool is_number(std::uint64_t word, std::uint64_t number) {
    return ((word >> number_shift) ^ (number + 1)) << number_shift == 0;
}

}  // namespace credit
}  // namespace famez
