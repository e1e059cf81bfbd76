// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <famez/arena.h>
#include <famez/error.h>
#include <famez/port.h>

namespace famez {
namespace {

// Own lines are left alone while they hold what they should: others read them.
template <class Word>
void restore(Word& shared, Word value) {
    if (load_relaxed(shared) != value) store_release(shared, value);
}

void restore_text(char (&shared)[32], const std::string& text) {
    for (std::size_t i = 0; i < sizeof shared; ++i) {
        const char letter = i < text.size() && i + 1 < sizeof shared ? text[i] : '\0';
        restore(reinterpret_cast<std::uint8_t&>(shared[i]), static_cast<std::uint8_t>(letter));
    }
}

}  // namespace

Port::Port(Transport& transport, PortOptions options)
    : transport_(transport),
      region_(transport.region()),
      geometry_(Geometry::read(region_)),
      id_(transport.id()),
      options_(std::move(options)),
      bell_(region_, geometry_, id_),
      always_(options_.capabilities |
              (ArenaMap::of(geometry_).usable() ? layout::cap_accepts_refs : 0)),
      capabilities_(always_),
      watches_(geometry_.ports + 1),
      stale_(geometry_.ports + 1),
      alive_(geometry_.ports + 1) {
    if (id_ < 1 || id_ > geometry_.ports) {
        throw FabricError(fmt::format("the server gave id {}, but the region has ports 1 to {}",
                                      id_, geometry_.ports));
    }
    if (options_.node_name.empty()) options_.node_name = fmt::format("z{:02}", id_);
    options_.lanes = std::clamp(options_.lanes, 1U, geometry_.lanes);
    entry_ = &port_entry(region_, geometry_, id_);
    if (load_acquire(entry_->assignment.assigned) != 1) {
        throw FabricError(
            fmt::format("port {} is not assigned in the region's table: is another "
                        "program writing to it?",
                        id_));
    }
    const std::uint32_t start_count = load_relaxed(entry_->status.start_count);
    if (start_count == std::numeric_limits<std::uint32_t>::max()) {
        throw FabricError(fmt::format("port {} has started 2^32 times: restart the fabric", id_));
    }
    epoch_ = make_epoch(load_acquire(entry_->assignment.generation), start_count + 1);
    // Far from those of earlier incarnations: a sender of theirs may still be about to clear one.
    sleeps_ = epoch_ << 24;
}

std::uint64_t Port::new_sleep() {
    std::uint64_t sleep = 0;
    while (sleep == 0)
        sleep = sleeps_.fetch_add(1, std::memory_order_relaxed) + 1;
    return sleep;
}

void Port::announce() {
    state_ = static_cast<std::uint32_t>(layout::PortState::stopped);
    write_identity();
    write_status();
    ring_table();
}

void Port::set_state(layout::PortState state) {
    state_ = static_cast<std::uint32_t>(state);
    write_status();
    ring_table();
}

void Port::set_capabilities(std::uint32_t capabilities) {
    capabilities_ = capabilities | always_;
    capable_since_ = now();
    write_status();
    ring_table();
}

void Port::ring_table() {
    bell_.ring();
    full_fence();
    for (std::uint32_t id = 1; id <= geometry_.ports; ++id) {
        const PortView view = view_port(region_, geometry_, id);
        if (id == id_ || !view.may_sleep()) continue;
        for (std::uint32_t lane = 0; lane < view.lanes; ++lane)
            wake(id, lane);
    }
}

void Port::wake_sleeper(std::uint32_t id, std::uint32_t lane) {
    full_fence();  // S1 holds for the capability too: it is set before the first sleep
    if (id != id_ && view_port(region_, geometry_, id).may_sleep()) wake(id, lane);
}

void Port::wake(std::uint32_t id, std::uint32_t lane) {
    auto& line = at<layout::SleepLine>(region_, geometry_.sleep_offset(id, lane));
    full_fence();  // S1
    std::uint64_t generation = load_acquire(line.sleeping);
    if (generation == 0) return;
    // S2: ring first. Who dies in between leaves the word for the next one to ring again. A vector
    // that is a lie rings another doorbell of the liar's.
    const auto vector = static_cast<std::uint16_t>(load_relaxed(line.vector));
    const auto peer = static_cast<std::uint16_t>(id);
    if (!transport_.ring(peer, vector)) transport_.ring(peer, 0);
    std::atomic_ref<std::uint64_t>(*doorbells_).fetch_add(1, std::memory_order_relaxed);
    // No locked operation touches memory that is not write-back; ringing again costs less.
    if (transport_.memory_type() != MemoryType::write_back) return;
    std::atomic_ref<std::uint64_t>(line.sleeping).compare_exchange_strong(generation, 0);
}

void Port::set_addresses(std::span<const std::uint64_t> addresses, std::uint32_t filter) {
    const std::size_t count = std::min<std::size_t>(addresses.size(), layout::addresses_max);
    const std::lock_guard lock(identity_mutex_);
    addresses_.assign(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(count));
    filter_ = filter;
    write_identity();
    ring_table();
}

void Port::withdraw() {
    set_state(layout::PortState::absent);
}

void Port::tick(const TxCounters& tx, const RxCounters& rx) {
    ticks_.fetch_add(1, std::memory_order_relaxed);
    store_relaxed(entry_->status.heartbeat, ++heartbeat_);
    write_status();
    {
        const std::lock_guard lock(identity_mutex_);
        write_identity();
    }
    mirror(tx, rx);
    control_fence();
    watch_peers();
}

void Port::write_status() {
    layout::PortStatus& status = entry_->status;
    restore(status.lanes, options_.lanes);
    restore(status.capabilities, capabilities_.load());
    // The low half of the epoch; the server writes the other.
    restore(status.start_count, static_cast<std::uint32_t>(epoch_));
    control_fence();
    restore(status.state, state_.load());
}

void Port::write_identity() {
    restore_text(entry_->identity.node_name, options_.node_name);
    restore_text(entry_->identity.node_class, options_.node_class);
    layout::PortAddresses& shared = entry_->addresses;
    for (std::size_t i = 0; i < addresses_.size(); ++i)
        restore(shared.address[i], addresses_[i]);
    restore(shared.count, static_cast<std::uint32_t>(addresses_.size()));
    restore(shared.filter, filter_);
}

void Port::mirror(const TxCounters& tx, const RxCounters& rx) {
    // Private counters stand in the order of the layout: one copy a group.
    const auto copy = [](std::uint64_t* to, const auto& counters) {
        const auto* from = reinterpret_cast<const std::uint64_t*>(&counters);
        for (std::size_t i = 0; i < counters.words; ++i) {
            store_relaxed(to[i], load_relaxed(const_cast<std::uint64_t&>(from[i])));
        }
    };
    copy(&entry_->counters.tx_messages, tx);
    copy(&entry_->counters.rx_messages, rx);
}

void Port::watch_peers() {
    const std::uint32_t now = this->now();
    for (std::uint32_t id = 1; id <= geometry_.ports; ++id) {
        const PortView view = view_port(region_, geometry_, id);
        Watch& watch = watches_[id];
        if (view.heartbeat != watch.heartbeat || view.epoch != watch.epoch) {
            watch = {view.heartbeat, view.epoch, now};
        }
        const bool silent = now - watch.moved_at > stale_ticks_max;
        alive_[id] = view.up() && !silent;
        stale_[id] = view.up() && silent;
    }
}

}  // namespace famez
