// SPDX-License-Identifier: BSD-3-Clause
#include "mac_table.h"

#include <algorithm>

namespace famez::fwd {
MacTable::MacTable(std::uint32_t limit)
    : limit_(limit),
      mask_(std::bit_ceil(limit * 4 / entries_per_bucket + 1) - 1),
      table_(std::make_unique<Bucket[]>(buckets())) {}

// The address is not in its bucket, or at another port.
MacTable::Learned MacTable::enter(Bucket& bucket, Address address, std::uint64_t wanted) {
    std::atomic<std::uint64_t>* free = nullptr;
    for (auto& slot : bucket.entries) {
        std::uint64_t entry = slot.load(std::memory_order_relaxed);
        if (entry != 0 && (entry & address_mask) == address) {
            if (slot.compare_exchange_strong(entry, wanted, std::memory_order_relaxed)) {
                moves_.fetch_add(1, std::memory_order_relaxed);
                edition_.fetch_add(1, std::memory_order_release);
            }
            bucket.seen[static_cast<std::size_t>(&slot - bucket.entries.data())].store(
                now_.load(std::memory_order_relaxed), std::memory_order_relaxed);
            return Learned::moved;
        }
        if (entry == 0 && free == nullptr) free = &slot;
    }
    // The size may pass the limit by as many as there are workers.
    if (free == nullptr || size() >= limit_) {
        full_.fetch_add(1, std::memory_order_relaxed);
        return Learned::full;
    }
    bucket.seen[static_cast<std::size_t>(free - bucket.entries.data())].store(
        now_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    std::uint64_t nobody = 0;
    if (!free->compare_exchange_strong(nobody, wanted, std::memory_order_relaxed)) {
        return Learned::busy;
    }
    size_.fetch_add(1, std::memory_order_relaxed);
    return Learned::added;
}

template <class Ended>
void MacTable::remove_if(Ended&& ended) {
    for (std::uint32_t b = 0; b < buckets(); ++b) {
        for (std::uint32_t i = 0; i < entries_per_bucket; ++i) {
            std::uint64_t entry = table_[b].entries[i].load(std::memory_order_relaxed);
            if (entry == 0) continue;
            if (!ended(entry, table_[b].seen[i].load(std::memory_order_relaxed))) continue;
            // One that moved this moment stays.
            if (table_[b].entries[i].compare_exchange_strong(entry, 0, std::memory_order_relaxed)) {
                size_.fetch_sub(1, std::memory_order_relaxed);
            }
        }
    }
    // Behind the changes: what is found in between is of the old edition.
    edition_.fetch_add(1, std::memory_order_release);
}

void MacTable::step() {
    const auto now = static_cast<std::uint8_t>(now_.load(std::memory_order_relaxed) + 1);
    now_.store(now, std::memory_order_relaxed);
    remove_if([now](std::uint64_t /*entry*/, std::uint8_t seen) {
        return static_cast<std::uint8_t>(now - seen) > lifetime_steps;
    });
}

void MacTable::forget_port(std::uint16_t port) {
    remove_if(
        [port](std::uint64_t entry, std::uint8_t /*seen*/) { return port_of(entry) == port; });
}

void MacTable::clear() {
    remove_if([](std::uint64_t /*entry*/, std::uint8_t /*seen*/) { return true; });
}

}  // namespace famez::fwd
