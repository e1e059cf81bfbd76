// SPDX-License-Identifier: BSD-3-Clause
#include <famez/loans.h>

namespace famez {
namespace {

// Destination in bits 0..15, lane in 16..31: the low half of SlotEntry::loan.
constexpr std::uint32_t lane_key(std::uint32_t destination, std::uint32_t lane) {
    return lane << 16 | destination;
}
constexpr std::uint32_t destination_of(std::uint32_t key) {
    return key & 0xffff;
}
constexpr std::uint32_t lane_of(std::uint32_t key) {
    return key >> 16;
}

}  // namespace

LoanTable::LoanTable(std::span<std::byte> region, const Geometry& geometry, std::uint32_t id,
                     Epoch epoch)
    : map_(ArenaMap::of(geometry)),
      arena_(region.data() + geometry.arena_offset(id)),
      region_(region),
      table_offset_(geometry.arena_offset(id) + map_.table_offset),
      epoch_(epoch),
      loans_(map_.usable() ? map_.units : 0) {
    for (std::uint32_t slot = 0; slot < loans_.size(); ++slot) {
        auto& entry =
            at<layout::SlotEntry>(region, table_offset_ + slot * sizeof(layout::SlotEntry));
        const std::uint64_t lent = load_relaxed(entry.loan);
        const Epoch to = load_relaxed(entry.epoch);
        const auto key = static_cast<std::uint32_t>(lent);
        loans_[slot].use = (static_cast<std::uint32_t>(lent >> 32) + 1) & credit::use_mask;
        if (destination_of(key) - 1 >= geometry.ports || lane_of(key) >= geometry.lanes) continue;
        if (to == 0 || view_port(region, geometry, destination_of(key)).epoch != to) continue;
        // The use count under which it went, in case its credit is still to come.
        loans_[slot].use = static_cast<std::uint32_t>(lent >> 32) & credit::use_mask;
        loans_[slot].number = 0;
        loans_[slot].lane_key = key;
    }
}

void LaneLoans::bind(LoanTable& table, OwnersBack& back, const Geometry& geometry,
                     std::uint32_t source, std::uint32_t destination, std::uint32_t lane,
                     TxCounters& counters) {
    const ArenaMap& map = table.map();
    if (!map.usable()) return;
    table_ = &table;
    back_ = &back;
    counters_ = &counters;
    entries_ = &at<layout::SlotEntry>(table.region_, table.table_offset_);
    const std::uint64_t arena = geometry.arena_offset(source);
    header_ =
        &at<layout::CreditHeader>(table.region_, arena + map.header_offset(destination, lane));
    ring_ = &at<std::uint64_t>(table.region_, arena + map.ring_offset(destination, lane));
    credits_ = map.credits;
    lane_key_ = lane_key(destination, lane);
    tag_ = table.epoch_;
    out_ = 0;
    // What an earlier life of this port lent went to the incarnation that is there now.
    for (const LoanTable::Loan& loan : table.loans_) {
        if (loan.number != LoanTable::home && loan.lane_key == lane_key_) ++out_;
    }
    if (out_ != 0) peer_epoch_ = view_port(table.region_, geometry, destination).epoch;
}

void LaneLoans::open(Epoch peer) {
    if (table_ == nullptr) return;
    if (peer != peer_epoch_) {
        take_back_all();
        peer_epoch_ = peer;
        reading_ = false;
    }
    take_back_untaken();
    lent_ = taken();
    if (reading_) return;
    // The credits up to there, which are of earlier lives, are not looked at.
    read_ = load_relaxed(header_->returned);
    reading_ = true;
}

void LaneLoans::bring_home(LoanTable::Loan& loan) {
    // Z1: whatever credit still names this use of the slot is one too many.
    loan.use = (loan.use + 1) & credit::use_mask;
    store_relaxed(loan.number, LoanTable::home);
    // A successor of ours need not wait for it.
    store_relaxed(entries_[&loan - table_->loans_.data()].epoch, Epoch{0});
    if (loan.owner != nullptr) back_->push_back(loan.owner);
    loan.owner = nullptr;
    --out_;
}

void LaneLoans::take_credits() {
    if (!reading_) return;
    const std::uint32_t units = table_->map_.units;
    // As many as can be out: a destination that writes without end does not keep us.
    for (std::uint32_t i = 0; i < credits_; ++i) {
        const std::uint64_t word = load_acquire(ring_[read_ & (credits_ - 1)]);
        if (!credit::is_number(word, read_)) return;
        ++read_;
        const std::uint32_t slot = credit::slot(word);
        if (slot < units) [[likely]] {
            LoanTable::Loan& loan = table_->loans_[slot];
            if (loan.number != LoanTable::home && loan.lane_key == lane_key_ &&
                loan.use == credit::use(word)) [[likely]] {
                bring_home(loan);
                continue;
            }
        }
        add(counters_->credits_ignored, 1);
    }
}

template <class Choose>
void LaneLoans::take_back_if(Choose choose) {
    if (out_ == 0) return;
    for (LoanTable::Loan& loan : table_->loans_) {
        if (load_acquire(loan.number) != LoanTable::home &&
            load_relaxed(loan.lane_key) == lane_key_ && choose(loan)) {
            bring_home(loan);
        }
    }
}

void LaneLoans::take_back_all() {
    take_back_if([](const LoanTable::Loan&) { return true; });
}

void LaneLoans::take_back_untaken() {
    if (out_ == 0) return;
    const std::uint64_t taken = this->taken();
    take_back_if([=](const LoanTable::Loan& loan) { return loan.number > taken; });
}

void LaneLoans::take_back_if_none_is_held() {
    if (out_ == 0) return;
    // In this order: `taken` only grows, so if it equals a `returned` read before it, nothing was
    // held when that was read.
    const std::uint64_t returned = load_acquire(header_->returned);
    const std::uint64_t taken = this->taken();
    if (taken != returned || out_ == lent_ - taken) return;  // all that is out is still to be taken
    // Z4: the credits up to there speak of these loans alone. Left in the ring, they and those of
    // the next loans would be more than it holds.
    read_ = returned;
    reading_ = true;
    take_back_if([=](const LoanTable::Loan& loan) { return loan.number <= taken; });
}

}  // namespace famez
