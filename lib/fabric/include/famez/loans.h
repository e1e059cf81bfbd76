// SPDX-License-Identifier: BSD-3-Clause
//
// The sender's side of references: which buffers of its arena are out, to whom, and when they are
// its own again. doc/zero-copy.md has the states of a slot and the rules (Z1 to Z6).
//
// Of shared memory this reads credits (one word each, bounded by the table here), the destination's
// two counts, and, once at the start, what an earlier incarnation left in the slot table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <famez/arena.h>
#include <famez/counters.h>
#include <famez/memory.h>
#include <famez/port_table.h>

namespace famez {

// Buffers that have come back, for whoever frees them; in no order. Written by the thread that
// sends.
using OwnersBack = std::vector<void*>;

// All slots of a port's arena. Each is in one thread's hands at a time: that of the sender that has
// it out, or of the application that has its buffer.
class LoanTable {
  public:
    // What an earlier incarnation of the port lent to incarnations that still live stays out until
    // they are done with it (Z4). `epoch`: this port's own.
    LoanTable(std::span<std::byte> region, const Geometry& geometry, std::uint32_t id, Epoch epoch);

    [[nodiscard]] const ArenaMap& map() const { return map_; }
    [[nodiscard]] std::byte* arena() const { return arena_; }
    // The slot of a buffer of this arena: below map().units, which the caller makes sure of.
    [[nodiscard]] [[gnu::always_inline]] std::uint32_t slot_of(const void* buffer) const {
        return static_cast<std::uint32_t>(map_.slot_at(
            static_cast<std::uint64_t>(static_cast<const std::byte*>(buffer) - arena_)));
    }
    [[nodiscard]] bool is_out(std::uint32_t slot) const { return loans_[slot].number != home; }

  private:
    friend class LaneLoans;
    static constexpr std::uint64_t home = ~std::uint64_t{0};

    struct Loan {
        void* owner = nullptr;  // what to give back; nullptr: nobody waits for it
        // What the destination's count of references taken will be when it has taken this one; 0:
        // an earlier life's; home: not out.
        std::uint64_t number = home;
        std::uint32_t lane_key = 0;
        std::uint32_t use = 0;
    };

    ArenaMap map_;
    std::byte* arena_ = nullptr;
    std::span<std::byte> region_;
    std::uint64_t table_offset_ = 0;
    Epoch epoch_;
    std::vector<Loan> loans_;
};

// The loans on one lane. The thread that sends on it.
class LaneLoans {
  public:
    void bind(LoanTable& table, OwnersBack& back, const Geometry& geometry, std::uint32_t source,
              std::uint32_t destination, std::uint32_t lane, TxCounters& counters);

    [[nodiscard]] [[gnu::always_inline]] std::uint32_t out() const { return out_; }
    // May another reference go?
    [[nodiscard]] [[gnu::always_inline]] bool has_room() const { return out_ < credits_; }

    // The buffer whose first unit is `slot` goes out, in the record that is appended next. Returns
    // the cookie for it.
    [[gnu::always_inline]] std::uint64_t lend(std::uint32_t slot, void* owner) {
        LoanTable::Loan& loan = table_->loans_[slot];
        loan.owner = owner;
        // The number last: other lanes' threads look through the table for loans of theirs.
        store_relaxed(loan.lane_key, lane_key_);
        store_release(loan.number, ++lent_);
        ++out_;
        auto& entry = entries_[slot];
        store_relaxed(entry.epoch, peer_epoch_);
        store_relaxed(entry.loan, std::uint64_t{loan.use} << 32 | lane_key_);
        return credit::cookie(slot, loan.use, tag_);
    }

    // Is the destination still to come to some of them?
    [[nodiscard]] bool some_untaken() const { return taken() != lent_; }
    // Takes in the credits that have come.
    [[gnu::always_inline]] void collect() {
        if (out_ != 0) take_credits();
    }

    // A session opens towards `peer`, an incarnation of the destination: its answer has been seen.
    void open(Epoch peer);
    // That incarnation is over: it reads nothing any more.
    void take_back_all();
    // All its sessions are over, as its answer shows: it takes nothing more of what it did not take
    // (Z2).
    void take_back_untaken();
    // If it holds nothing at this moment, all that it took is back, even if a credit was lost or an
    // earlier life of ours was to get it. Only when the sessions of earlier lives are over.
    void take_back_if_none_is_held();
    [[nodiscard]] Epoch peer_epoch() const { return peer_epoch_; }

  private:
    // No liar makes our numbers run into LoanTable::home.
    [[nodiscard]] std::uint64_t taken() const {
        return load_acquire(header_->taken) & (~std::uint64_t{0} >> 1);
    }
    [[gnu::noinline]] void take_credits();
    void bring_home(LoanTable::Loan& loan);
    template <class Choose>
    void take_back_if(Choose choose);

    LoanTable* table_ = nullptr;
    layout::SlotEntry* entries_ = nullptr;
    std::uint32_t lane_key_ = 0;
    std::uint32_t out_ = 0;
    std::uint32_t credits_ = 0;  // 0: no references on this lane
    std::uint64_t tag_ = 0;
    Epoch peer_epoch_ = 0;    // whose loans these are
    std::uint64_t lent_ = 0;  // the number of the last one lent
    std::uint64_t read_ = 0;  // credits taken in, ever
    bool reading_ = false;    // read_ is right for peer_epoch_
    std::uint64_t* ring_ = nullptr;
    layout::CreditHeader* header_ = nullptr;
    OwnersBack* back_ = nullptr;
    TxCounters* counters_ = nullptr;
};

}  // namespace famez
