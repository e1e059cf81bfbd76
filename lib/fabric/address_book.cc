// SPDX-License-Identifier: BSD-3-Clause
#include <bit>
#include <random>

#include <famez/address_book.h>
#include <famez/port_table.h>

namespace famez {

void AddressTable::build(std::span<std::byte> region, const Geometry& geometry,
                         std::uint64_t seed) {
    seed_ = seed;
    claims_.clear();
    hearers_.clear();
    promiscuous_.fill(0);
    for (std::uint32_t id = 1; id <= geometry.ports; ++id) {
        layout::PortEntry& entry = port_entry(region, geometry, id);
        if (view_port(entry, geometry.lanes).up()) read_port(entry, id, geometry.number);
    }
    index();
}

void AddressTable::read_port(layout::PortEntry& entry, std::uint32_t id, std::uint32_t fabric) {
    layout::PortAddresses& shared = entry.addresses;
    const std::uint32_t filter = load_relaxed(shared.filter);
    hearers_.push_back({id, filter});
    if ((filter & layout::filter_promiscuous) != 0) {
        const auto place = std::find(promiscuous_.begin(), promiscuous_.end(), 0);
        if (place != promiscuous_.end()) *place = id;
    }
    const std::uint32_t count = std::min(load_relaxed(shared.count), layout::addresses_max);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t address = load_relaxed(shared.address[i]);
        const bool possible = address != 0 && address < broadcast_address;
        if (possible && !is_derived_address(address, fabric)) claims_.push_back({address, id});
    }
}

void AddressTable::index() {
    std::sort(claims_.begin(), claims_.end());
    claims_.erase(std::unique(claims_.begin(), claims_.end()), claims_.end());
    const std::size_t slots = std::bit_ceil(2 * claims_.size() + 2);
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots));
    slots_.assign(slots, 0);
    for (std::size_t i = 0; i < claims_.size(); ++i) {
        const std::uint64_t address = claims_[i].address;
        if (i != 0 && claims_[i - 1].address == address) continue;
        std::size_t slot = slot_of(address);
        while (slots_[slot] != 0)
            slot = (slot + 1) & (slots - 1);
        slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
}

std::size_t AddressTable::first_claim(std::uint64_t address) const {
    if (slots_.empty()) return claims_.size();
    for (std::size_t slot = slot_of(address); slots_[slot] != 0;
         slot = (slot + 1) & (slots_.size() - 1)) {
        if (claims_[slots_[slot] - 1].address == address) return slots_[slot] - 1;
    }
    return claims_.size();
}

std::uint32_t AddressTable::owner(std::uint64_t address) const {
    if (is_group_address(address)) return 0;
    const std::size_t claim = first_claim(address);
    return claim < claims_.size() ? claims_[claim].id : 0;
}

std::uint32_t AddressTable::recipient(std::uint64_t address, std::uint32_t self) const {
    if (is_group_address(address)) return 0;
    if (const std::uint32_t id = owner(address); id != 0) return id;
    const auto [first, second, third] = promiscuous_;
    if (third != 0) return 0;
    if (first == self) return second;
    return second == 0 || second == self ? first : 0;
}

AddressBook::AddressBook(std::span<std::byte> region, const Geometry& geometry)
    : region_(region), geometry_(geometry) {
    std::random_device dice;
    seed_ = std::uint64_t{dice()} << 32 | dice();
    refresh();
}

void AddressBook::refresh() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t generation = table_generation(region_, geometry_);
    if (generation == generation_ && ++age_ < refreshes_a_rebuild) return;
    // The generation was read before the table: what changes meanwhile moves it again.
    generation_ = generation;
    age_ = 0;
    tables_[back_].build(region_, geometry_, seed_);
    back_ = middle_.exchange(back_ | fresh, std::memory_order_acq_rel) & ~fresh;
}

}  // namespace famez
