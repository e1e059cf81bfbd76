// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include <famez/error.h>
#include <famez/geometry.h>
#include <famez/memory.h>

namespace famez {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t ring_bytes_default_min = 128 * kib;
constexpr std::uint64_t ring_bytes_default_max = 1 * mib;
constexpr std::uint64_t slab_bytes_default = 16 * mib;  // a lane
constexpr std::uint64_t arena_bytes_default_max = 64 * mib;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

// A stride of an odd number of lines visits all cache sets, where a power of two keeps to a few.
constexpr std::uint64_t odd_lines(std::uint64_t bytes) {
    const std::uint64_t lines = align_up(bytes, layout::line_bytes) / layout::line_bytes;
    return (lines | 1) * layout::line_bytes;
}

void require(bool holds, const std::string& message) {
    if (!holds) throw FabricError(message);
}

void check_counts(const Geometry& g) {
    require(
        g.ports >= 1 && g.ports <= layout::ports_max,
        fmt::format("the number of ports is {}; it can be 1 to {}", g.ports, layout::ports_max));
    require(
        g.lanes >= 1 && g.lanes <= layout::lanes_max,
        fmt::format("the number of lanes is {}; it can be 1 to {}", g.lanes, layout::lanes_max));
    require(std::has_single_bit(g.ring_bytes) && g.ring_bytes >= layout::ring_bytes_min &&
                g.ring_bytes <= layout::ring_bytes_max,
            fmt::format("the ring size is {}; it can be a power of two from {} to {}", g.ring_bytes,
                        layout::ring_bytes_min, layout::ring_bytes_max));
    require(std::has_single_bit(g.region_bytes) && g.region_bytes >= layout::region_bytes_min &&
                g.region_bytes <= layout::region_bytes_max,
            fmt::format("the region size is {}; it can be a power of two from {} MiB to {} GiB",
                        g.region_bytes, layout::region_bytes_min / mib,
                        layout::region_bytes_max / (1024 * mib)));
    require(g.arena_bytes % layout::line_bytes == 0,
            fmt::format("the arena size is {}; it must be a multiple of 64", g.arena_bytes));
    require(g.slab_bytes >= g.lanes * g.ring_stride() && g.slab_bytes <= layout::region_bytes_max,
            fmt::format("the slab size is {}; a slab holds at least one ring ({} bytes) a lane",
                        g.slab_bytes, g.ring_stride()));
    require(g.arena_bytes <= layout::region_bytes_max,
            fmt::format("the arena size is {}; it can be at most {}", g.arena_bytes,
                        layout::region_bytes_max));
    require(g.number <= layout::fabric_number_max,
            fmt::format("the fabric's number is {}; it can be 0 to {}", g.number,
                        layout::fabric_number_max));
}

// Places the areas one behind the other. Every count has been bounded: nothing overflows.
void place(Geometry& g) {
    const std::uint64_t pairs = std::uint64_t{g.ports} * g.ports;
    g.header_offset = layout::header_offset(g.ports);
    g.table_offset = g.header_offset + sizeof(layout::FabricHeader);
    g.table_stride = odd_lines(sizeof(layout::PortEntry) + g.lanes * sizeof(layout::SleepLine));
    g.lanes_offset = align_up(g.table_offset + g.ports * g.table_stride, layout::page_bytes);
    g.lane_stride = sizeof(layout::LaneBlock);
    g.slabs_offset = align_up(g.lanes_offset + pairs * g.lanes * g.lane_stride, layout::page_bytes);
    g.slab_stride = odd_lines(g.slab_bytes);
    // Arenas begin where a large page can; without any, the slabs may fill the region.
    const std::uint64_t slabs_end = g.slabs_offset + g.ports * g.slab_stride;
    const std::uint64_t aligned = align_up(slabs_end, layout::arena_align_bytes);
    g.arenas_offset = g.arena_bytes == 0 && aligned > g.region_bytes ? slabs_end : aligned;
    g.arena_stride = g.arena_bytes;
}

std::uint64_t end_of(const Geometry& g) {
    return g.arenas_offset + g.ports * g.arena_stride;
}

// The largest that leaves each lane towards a port one of its own: what is written to a long ring
// has left the writer's own cache when the reader comes to it, and both are faster for it.
std::uint64_t fitting_ring(const Geometry& g, std::uint64_t slab_bytes) {
    const std::uint64_t share = slab_bytes / g.lanes / g.ports;
    const std::uint64_t room =
        share > layout::ring_spacing_bytes ? share - layout::ring_spacing_bytes : 0;
    return std::clamp(std::bit_floor(room), ring_bytes_default_min, ring_bytes_default_max);
}

void choose_defaults(Geometry& g, const GeometryRequest& request) {
    const std::uint64_t share = g.region_bytes / 2 / g.ports;
    const std::uint64_t fitting = share == 0 ? 0 : std::bit_floor(share);
    if (request.slab_bytes == 0) g.slab_bytes = std::min(fitting, g.lanes * slab_bytes_default);
    if (request.ring_bytes == 0) g.ring_bytes = fitting_ring(g, g.slab_bytes);
    if (request.slab_bytes == 0) {
        // Four rings a lane are the least that is useful.
        g.slab_bytes = std::max(g.slab_bytes, 4 * g.lanes * g.ring_stride());
    }
    if (request.arena_bytes == 0) {
        place(g);
        const std::uint64_t begin = align_up(g.arenas_offset, layout::arena_align_bytes);
        const std::uint64_t rest = g.region_bytes > begin ? (g.region_bytes - begin) / g.ports : 0;
        // Whole large pages, where there is one for each.
        const std::uint64_t unit =
            rest < layout::arena_align_bytes ? std::bit_floor(rest) : layout::arena_align_bytes;
        g.arena_bytes =
            rest < layout::page_bytes ? 0 : std::min(rest / unit * unit, arena_bytes_default_max);
    }
}

std::string sum_of(const Geometry& g) {
    return fmt::format(
        "{} ports need {} bytes: mailbox and header {}, port table {}, lane blocks {}, slabs {} x "
        "{}, arenas {} x {}, padding {}",
        g.ports, end_of(g), g.table_offset, g.lanes_offset - g.table_offset,
        g.slabs_offset - g.lanes_offset, g.ports, g.slab_stride, g.ports, g.arena_stride,
        g.arenas_offset - g.slabs_offset - g.ports * g.slab_stride);
}

}  // namespace

Geometry Geometry::plan(const GeometryRequest& request) {
    Geometry g;
    g.region_bytes = request.region_bytes;
    g.ports = request.ports;
    g.lanes = request.lanes;
    g.ring_bytes = request.ring_bytes != 0 ? request.ring_bytes : ring_bytes_default_min;
    g.slab_bytes = request.slab_bytes != 0 ? request.slab_bytes : g.lanes * g.ring_stride();
    g.arena_bytes = request.arena_bytes;
    g.number = request.number;
    check_counts(g);
    choose_defaults(g, request);
    check_counts(g);
    place(g);
    require(end_of(g) <= layout::region_bytes_max,
            sum_of(g) + "; a region can have at most 64 GiB");
    require(end_of(g) <= g.region_bytes,
            fmt::format("{}; the region has {}: give a larger --region-size ({} is enough) or "
                        "smaller rings, slabs or arenas",
                        sum_of(g), g.region_bytes, std::bit_ceil(end_of(g))));
    g.check();
    return g;
}

void Geometry::check() const {
    check_counts(*this);
    const auto inside = [this](std::uint64_t begin, std::uint64_t count, std::uint64_t stride,
                               std::uint64_t least_stride, std::uint64_t end) {
        // Compared by division: a hostile stride must not overflow the product.
        return begin % layout::line_bytes == 0 && stride % layout::line_bytes == 0 &&
               stride >= least_stride && begin <= end &&
               (stride == 0 || count <= (end - begin) / stride);
    };
    const std::uint64_t entry = sizeof(layout::PortEntry) + lanes * sizeof(layout::SleepLine);
    const std::uint64_t blocks = std::uint64_t{ports} * ports * lanes;
    require(
        header_offset == layout::header_offset(ports) &&
            table_offset >= header_offset + sizeof(layout::FabricHeader) &&
            table_offset <= region_bytes && lanes_offset <= region_bytes &&
            slabs_offset <= region_bytes && arenas_offset <= region_bytes &&
            inside(table_offset, ports, table_stride, entry, lanes_offset) &&
            inside(lanes_offset, blocks, lane_stride, sizeof(layout::LaneBlock), slabs_offset) &&
            inside(slabs_offset, ports, slab_stride, slab_bytes, arenas_offset) &&
            inside(arenas_offset, ports, arena_stride, arena_bytes, region_bytes),
        "the region's geometry is impossible: its areas overlap or pass its end");
}

Geometry Geometry::read(std::span<std::byte> region) {
    const auto foreign = [](auto& word) { return load_relaxed(word); };
    require(region.size() >= layout::region_bytes_min,
            fmt::format("the region has {} bytes: too small for a fabric", region.size()));
    auto& mail = at<layout::MailGlobals>(region, 0);
    require(foreign(mail.slot_bytes) == layout::mail_slot_bytes,
            "the region holds no fabric: is its server famez_server?");
    const std::uint64_t clients = foreign(mail.clients);
    require(clients >= 1 && clients <= layout::ports_max &&
                layout::header_offset(clients) + sizeof(layout::FabricHeader) <= region.size(),
            "the region holds no fabric: its mailbox names an impossible number of clients");

    auto& header = at<layout::FabricHeader>(region, layout::header_offset(clients));
    // Acquire: the magic is stored last.
    require(load_acquire(header.magic) == layout::magic,
            "the region holds no fabric header: is its server famez_server?");
    const std::uint32_t major = foreign(header.version_major);
    require(major == layout::version_major,
            fmt::format("the region has layout version {}; this program knows version {}: use the "
                        "same release of famez everywhere",
                        major, layout::version_major));
    Geometry g;
    g.region_bytes = foreign(header.region_bytes);
    g.ports = foreign(header.ports);
    g.lanes = foreign(header.lanes);
    g.ring_bytes = foreign(header.ring_bytes);
    g.slab_bytes = foreign(header.slab_bytes);
    g.arena_bytes = foreign(header.arena_bytes);
    g.header_offset = layout::header_offset(clients);
    g.table_offset = foreign(header.table_offset);
    g.table_stride = foreign(header.table_stride);
    g.lanes_offset = foreign(header.lanes_offset);
    g.lane_stride = foreign(header.lane_stride);
    g.slabs_offset = foreign(header.slabs_offset);
    g.slab_stride = foreign(header.slab_stride);
    g.arenas_offset = foreign(header.arenas_offset);
    g.arena_stride = foreign(header.arena_stride);
    // Not cut to 32 bits: what is too large must stay so for check().
    g.number = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(foreign(header.number), layout::fabric_number_max + 1));
    require(g.region_bytes == region.size(),
            fmt::format("the region's header speaks of {} bytes, but {} are mapped", g.region_bytes,
                        region.size()));
    g.check();
    return g;
}

}  // namespace famez
