// SPDX-License-Identifier: BSD-3-Clause
//
// Reading the port table: who is there, in which incarnation, and does it live. Every word of it
// can be a lie; a lie costs the traffic with the liar, no more.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/memory.h>

namespace famez {

// One incarnation of a port: holder generation (high half) and start count. No epoch of an id ever
// comes twice. 0 is no epoch.
using Epoch = std::uint64_t;

constexpr Epoch make_epoch(std::uint32_t generation, std::uint32_t start_count) {
    return Epoch{generation} << 32 | start_count;
}

// What a table entry says of a port at one moment.
struct PortView {
    Epoch epoch = 0;
    layout::PortState state = layout::PortState::absent;  // absent unless the id is assigned
    std::uint32_t lanes = 0;                              // at least 1, at most the geometry's
    std::uint32_t capabilities = 0;
    std::uint64_t heartbeat = 0;

    [[nodiscard]] bool may_sleep() const { return (capabilities & layout::cap_may_sleep) != 0; }
    [[nodiscard]] bool accepts_references() const {
        return (capabilities & layout::cap_accepts_refs) != 0;
    }
    [[nodiscard]] bool keeps_references() const {
        return (capabilities & layout::cap_keeps_refs) != 0;
    }
    [[nodiscard]] bool takes_unsummed() const { return (capabilities & layout::cap_unsummed) != 0; }
    [[nodiscard]] bool up() const { return state == layout::PortState::up; }
    [[nodiscard]] bool present() const { return state != layout::PortState::absent; }
};

// A few loads; safe from any thread. `lanes` is the geometry's number of lanes.
PortView view_port(layout::PortEntry& entry, std::uint32_t lanes);

// The entry of `id`, which is 1..ports.
inline layout::PortEntry& port_entry(std::span<std::byte> region, const Geometry& geometry,
                                     std::uint32_t id) {
    return at<layout::PortEntry>(region, geometry.entry_offset(id));
}
inline PortView view_port(std::span<std::byte> region, const Geometry& geometry, std::uint32_t id) {
    return view_port(port_entry(region, geometry, id), geometry.lanes);
}

// Node name and class as text: cut at the first NUL, unprintable characters replaced.
std::string port_node_name(std::span<std::byte> region, const Geometry& geometry, std::uint32_t id);

// The table's generation: a value other than the last one seen means that an entry has changed.
inline std::uint64_t table_generation(std::span<std::byte> region, const Geometry& geometry) {
    return load_acquire(at<layout::FabricHeader>(region, geometry.header_offset).table_generation);
}

// Tells every port that the table has changed (layout.h says why a plain store is enough). One of
// these a writer, for as long as it may bump; not thread-safe.
class TableBell {
  public:
    // `writer`: a port's id, or ports + 1 for the server.
    TableBell(std::span<std::byte> region, const Geometry& geometry, std::uint32_t writer)
        : word_(at<layout::FabricHeader>(region, geometry.header_offset).table_generation),
          writer_(writer) {}
    void ring();

  private:
    std::uint64_t& word_;
    std::uint32_t writer_;
    std::uint64_t last_ = 0;
};

}  // namespace famez
