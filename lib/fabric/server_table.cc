// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include <famez/memory.h>
#include <famez/port_table.h>
#include <famez/region.h>
#include <famez/server_table.h>

namespace famez {
namespace {

// By words, as others read them.
template <class Lines>
void clear(Lines& lines) {
    auto* words = reinterpret_cast<std::uint64_t*>(&lines);
    for (std::size_t i = 0; i < sizeof lines / sizeof *words; ++i) {
        store_relaxed(words[i], std::uint64_t{0});
    }
}

}  // namespace

ServerTable::ServerTable(std::span<std::byte> region, const Geometry& geometry,
                         std::uint32_t vectors, MailDialect dialect)
    : region_(region),
      geometry_(geometry),
      vectors_(vectors),
      mailbox_(region, geometry.ports, dialect, geometry.ports + 1),
      bell_(region, geometry, geometry.ports + 1),
      holders_(geometry.ports + 1) {
    auto& header = at<layout::FabricHeader>(region_, geometry_.header_offset);
    epoch_ = load_relaxed(header.server_epoch) + 1;
    for (std::uint32_t id = 1; id <= geometry_.ports; ++id) {
        auto& line = at<layout::PortAssignment>(region_, geometry_.entry_offset(id));
        holders_[id].generation = load_relaxed(line.generation);
    }
    tick();
}

void ServerTable::assign(std::uint32_t id) {
    Holder& holder = holders_.at(id);
    ++holder.generation;
    holder.assigned = true;
    write_assignment(id);
    bell_.ring();
}

void ServerTable::end(std::uint32_t id) {
    Holder& holder = holders_.at(id);
    ++holder.generation;
    holder.assigned = false;
    // The generation first: who sees the state gone must not take the old epoch for a live one.
    write_assignment(id);
    clear_port_lines(id);
    bell_.ring();
}

bool ServerTable::assigned(std::uint32_t id) const {
    return holders_.at(id).assigned;
}

bool ServerTable::usable(std::uint32_t id) const {
    return holders_.at(id).generation <= std::numeric_limits<std::uint32_t>::max() - 2;
}

std::vector<ServerTable::SleepingLane> ServerTable::sleepers() const {
    std::vector<SleepingLane> asleep;
    full_fence();  // S1: what was changed is visible before the words are read
    for (std::uint32_t id = 1; id <= geometry_.ports; ++id) {
        if (!holders_[id].assigned) continue;
        for (std::uint32_t lane = 0; lane < geometry_.lanes; ++lane) {
            auto& line = at<layout::SleepLine>(region_, geometry_.sleep_offset(id, lane));
            if (load_acquire(line.sleeping) == 0) continue;
            asleep.push_back({id, load_relaxed(line.vector)});
        }
    }
    return asleep;
}

void ServerTable::tick() {
    repair_header(region_, geometry_, vectors_, mailbox_.dialect());
    auto& header = at<layout::FabricHeader>(region_, geometry_.header_offset);
    store_relaxed(header.server_epoch, epoch_);
    store_relaxed(header.server_heartbeat, ++heartbeat_);
    for (std::uint32_t id = 1; id <= geometry_.ports; ++id)
        write_assignment(id);
}

void ServerTable::write_assignment(std::uint32_t id) {
    auto& line = at<layout::PortAssignment>(region_, geometry_.entry_offset(id));
    const Holder& holder = holders_[id];
    // Unchanged words are left alone: every port polls this line.
    const std::uint32_t assigned = holder.assigned ? 1 : 0;
    if (load_relaxed(line.generation) != holder.generation) {
        store_release(line.generation, holder.generation);
    }
    if (load_relaxed(line.assigned) != assigned) store_release(line.assigned, assigned);
}

void ServerTable::clear_port_lines(std::uint32_t id) {
    auto& entry = at<layout::PortEntry>(region_, geometry_.entry_offset(id));
    store_release(entry.status.state, static_cast<std::uint32_t>(layout::PortState::absent));
    // From zero again under the new generation: a scribbled count must not outlive its holder.
    store_release(entry.status.start_count, std::uint32_t{0});
    // Nobody writes these lines now: the holder can store no more.
    clear(entry.identity);
    clear(entry.addresses);
    clear(entry.counters);
    mailbox_.clear(id);
    for (std::uint32_t lane = 0; lane < geometry_.lanes; ++lane)
        clear(at<layout::SleepLine>(region_, geometry_.sleep_offset(id, lane)));
}

}  // namespace famez
