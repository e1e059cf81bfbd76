// SPDX-License-Identifier: BSD-3-Clause
//
// The receiver's side of references: what it holds of a sender's arena, and the credits by which it
// gives it back. doc/zero-copy.md has the rules (Z1 to Z6).
#pragma once

#include <cstdint>
#include <span>

#include <famez/arena.h>
#include <famez/memory.h>

namespace famez {

// One a lane. The thread that polls the lane. It writes, and never reads but once at begin(), the
// destination's words in the sender's arena.
template <class Memory>
class CreditWriter {
  public:
    void bind(std::span<std::byte> region, const Geometry& geometry, std::uint32_t destination,
              std::uint32_t source, std::uint32_t lane) {
        const ArenaMap map = ArenaMap::of(geometry);
        if (!map.usable()) return;
        const std::uint64_t arena = geometry.arena_offset(source);
        header_ = &at<layout::CreditHeader>(region, arena + map.header_offset(destination, lane));
        ring_ = &at<std::uint64_t>(region, arena + map.ring_offset(destination, lane));
        mask_ = map.credits - 1;
    }

    // Before the first answer on this lane: this incarnation holds nothing, and goes on writing
    // where the last one ended, which is where the sender reads.
    void begin() {
        if (begun_ || header_ == nullptr) return;
        begun_ = true;
        returned_ = load_relaxed(header_->returned);
        taken_ = returned_;
        store_relaxed(header_->taken, taken_);
    }

    // Z3: before the lane's position moves past the reference.
    [[gnu::always_inline]] void take() { store_relaxed(header_->taken, ++taken_); }

    // The bytes are not looked at any more. The count first: a successor that found the word there,
    // and not the count, would write its own first credit over one that the sender believes to be
    // new.
    [[gnu::always_inline]] void give_back(std::uint64_t cookie) {
        const std::uint64_t number = returned_++;
        Memory::before_commit();
        store_release(header_->returned, returned_);
        Memory::before_commit();
        store_release(ring_[number & mask_], credit::word(cookie, number));
        Memory::after_control_store();
    }

    [[nodiscard]] std::uint64_t held() const { return taken_ - returned_; }

    // Undoes what others may have scribbled over our words.
    void restore() {
        if (!begun_) return;
        if (load_relaxed(header_->taken) != taken_) store_relaxed(header_->taken, taken_);
        if (load_relaxed(header_->returned) != returned_) {
            store_relaxed(header_->returned, returned_);
        }
    }

  private:
    layout::CreditHeader* header_ = nullptr;  // nullptr: there is no arena
    std::uint64_t* ring_ = nullptr;
    std::uint64_t mask_ = 0;
    std::uint64_t returned_ = 0;
    std::uint64_t taken_ = 0;
    bool begun_ = false;
};

}  // namespace famez
