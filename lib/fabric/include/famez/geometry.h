// SPDX-License-Identifier: BSD-3-Clause
//
// Where everything lies in a region: planned by the server, read once and checked by everyone else.
// A Geometry is always a private copy that has passed check(); offsets computed from it are inside
// the region whatever stands in shared memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <famez/layout.h>

namespace famez {

// What the operator may choose. A zero stands for "whatever is sensible".
struct GeometryRequest {
    std::uint64_t region_bytes = std::uint64_t{1} << 30;
    std::uint32_t ports = 14;
    std::uint32_t lanes = 1;
    // default: the largest from 128 KiB to 1 MiB of which a slab holds one a port and lane
    std::uint64_t ring_bytes = 0;
    // default: 16 MiB a port and lane, less where half the region is too small
    std::uint64_t slab_bytes = 0;
    std::uint64_t arena_bytes = 0;  // default: what remains, at most 64 MiB a port
    std::uint32_t number = 0;       // the fabric's: an octet of its ports' addresses
};

struct Geometry {
    std::uint64_t region_bytes = 0;
    std::uint32_t ports = 0;
    std::uint32_t lanes = 0;
    std::uint64_t ring_bytes = 0;
    std::uint64_t slab_bytes = 0;
    std::uint64_t arena_bytes = 0;
    std::uint64_t header_offset = 0;
    std::uint64_t table_offset = 0;
    std::uint64_t table_stride = 0;
    std::uint64_t lanes_offset = 0;
    std::uint64_t lane_stride = 0;
    std::uint64_t slabs_offset = 0;
    std::uint64_t slab_stride = 0;
    std::uint64_t arenas_offset = 0;
    std::uint64_t arena_stride = 0;
    std::uint32_t number = 0;

    // Throws FabricError, with the sum shown, when the request does not fit its region or 64 GiB.
    static Geometry plan(const GeometryRequest& request);

    // Reads the geometry out of a mapped region: each word once, then checked against the size of
    // the mapping. Throws FabricError for a region without a fabric (a stock ivshmem server's), one
    // of another layout version, and one whose geometry is impossible.
    static Geometry read(std::span<std::byte> region);

    // Throws FabricError unless every area lies inside the region, in order and aligned.
    void check() const;

    // Ids are 1..ports and lane is below lanes: the caller has made sure.
    [[nodiscard]] std::uint64_t entry_offset(std::uint32_t id) const {
        return table_offset + (id - 1) * table_stride;
    }
    [[nodiscard]] std::uint64_t sleep_offset(std::uint32_t id, std::uint32_t lane) const {
        return entry_offset(id) + sizeof(layout::PortEntry) + lane * sizeof(layout::SleepLine);
    }
    [[nodiscard]] std::uint64_t lane_offset(std::uint32_t destination, std::uint32_t source,
                                            std::uint32_t lane) const {
        const std::uint64_t pair = std::uint64_t{destination - 1} * ports + (source - 1);
        return lanes_offset + (pair * lanes + lane) * lane_stride;
    }
    [[nodiscard]] std::uint64_t slab_offset(std::uint32_t id) const {
        return slabs_offset + (id - 1) * slab_stride;
    }
    [[nodiscard]] std::uint64_t arena_offset(std::uint32_t id) const {
        return arenas_offset + (id - 1) * arena_stride;
    }
    [[nodiscard]] std::uint64_t ring_stride() const {
        return ring_bytes + layout::ring_spacing_bytes;
    }
    [[nodiscard]] std::uint32_t rings_per_slab() const {
        return static_cast<std::uint32_t>(slab_bytes / ring_stride());
    }
    // Each lane number has as many of a slab's rings, from lane * this on.
    [[nodiscard]] std::uint32_t rings_per_lane() const { return rings_per_slab() / lanes; }
    // Offset, in the region, of a ring of id's slab.
    [[nodiscard]] std::uint64_t ring_offset(std::uint32_t id, std::uint32_t index) const {
        return slab_offset(id) + index * ring_stride();
    }
    // The largest payload of one record: half the ring less 16, header included (design section 4).
    [[nodiscard]] std::uint32_t payload_max() const {
        return static_cast<std::uint32_t>(ring_bytes / 2 - 16 - 8);
    }

    bool operator==(const Geometry&) const = default;
};

}  // namespace famez
