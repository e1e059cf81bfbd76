// SPDX-License-Identifier: BSD-3-Clause
// Who is where: addresses that were seen as a source, and the port they were seen at. All workers
// share it, without locks.
//
// A bucket is a cache line: seven entries of address and port in one word, which are changed by
// compare and swap, and the time each was last seen. An address has one bucket that it can be in;
// with four times the room that is asked for, one that is full is rare, and then the address stays
// unknown: what is for it is flooded.
//
// Time is counted in steps, of which the ageing takes `lifetime_steps`: whoever calls step() sets
// their length. Two workers that learn the same new address at once may enter it twice; the second
// entry is never found, never refreshed, and so ages.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "address.h"

namespace famez::fwd {

class MacTable {
  public:
    static constexpr std::uint32_t lifetime_steps = 64;

    // busy: another worker took its place this moment; to be tried again.
    enum class Learned : std::uint8_t { known, added, moved, full, busy };

    // Room for so many addresses, up to max_table_size.
    explicit MacTable(std::uint32_t limit);

    // The port of an address; none if it is unknown.
    [[gnu::always_inline]] [[nodiscard]] std::optional<std::uint16_t> find(Address address) const {
        const Bucket& bucket = bucket_of(address);
        for (const auto& slot : bucket.entries) {
            const std::uint64_t entry = slot.load(std::memory_order_relaxed);
            if ((entry & address_mask) == address && entry != 0) return port_of(entry);
        }
        return std::nullopt;
    }

    // `address` was seen at `port`. Group addresses and 0 are nobody's: not to be given.
    [[gnu::always_inline]] Learned learn(Address address, std::uint16_t port) {
        Bucket& bucket = bucket_of(address);
        const std::uint64_t wanted = entry_of(address, port);
        for (std::uint32_t i = 0; i < entries_per_bucket; ++i) {
            const std::uint64_t entry = bucket.entries[i].load(std::memory_order_relaxed);
            if ((entry & address_mask) != address) continue;
            // The first one is what find() finds.
            if (entry != wanted) break;
            const std::uint8_t now = now_.load(std::memory_order_relaxed);
            // Read far more often than it changes: a store each time would take the line from
            // others.
            if (bucket.seen[i].load(std::memory_order_relaxed) != now) {
                bucket.seen[i].store(now, std::memory_order_relaxed);
            }
            return Learned::known;
        }
        return enter(bucket, address, wanted);
    }

    // Lets time go on by a step, and forgets who was not seen for lifetime_steps. One thread.
    void step();
    // A port's link is down: nobody is there.
    void forget_port(std::uint16_t port);
    void clear();

    // Another one whenever an address has moved or may have gone, and at each step. What find()
    // said after edition() said the same is still so; but who was unknown may be known.
    [[nodiscard]] std::uint64_t edition() const { return edition_.load(std::memory_order_acquire); }

    [[nodiscard]] std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t limit() const { return limit_; }
    [[nodiscard]] std::uint64_t moves() const { return moves_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t refusals() const { return full_.load(std::memory_order_relaxed); }

    // visit(address, port, steps since it was seen) for each.
    template <class Visit>
    void each(Visit&& visit) const {
        const std::uint8_t now = now_.load(std::memory_order_relaxed);
        for (std::uint32_t b = 0; b < buckets(); ++b) {
            for (std::uint32_t i = 0; i < entries_per_bucket; ++i) {
                const std::uint64_t entry = table_[b].entries[i].load(std::memory_order_relaxed);
                if (entry == 0) continue;
                const std::uint8_t seen = table_[b].seen[i].load(std::memory_order_relaxed);
                visit(entry & address_mask, port_of(entry), static_cast<std::uint8_t>(now - seen));
            }
        }
    }

  private:
    static constexpr std::uint32_t entries_per_bucket = 7;

    struct alignas(64) Bucket {
        std::array<std::atomic<std::uint64_t>, entries_per_bucket> entries{};
        std::array<std::atomic<std::uint8_t>, 8> seen{};
    };
    static_assert(sizeof(Bucket) == 64);

    // Ports are stored one higher: no entry is 0.
    static constexpr std::uint64_t entry_of(Address address, std::uint16_t port) {
        return address | std::uint64_t{port + 1U} << 48;
    }
    static constexpr std::uint16_t port_of(std::uint64_t entry) {
        return static_cast<std::uint16_t>((entry >> 48) - 1);
    }
    // Addresses of one maker, or one fabric, count up in their last two octets: counting up too,
    // they have a bucket each. What stands before those only says where the counting begins.
    [[nodiscard]] Bucket& bucket_of(Address address) const {
        const std::uint32_t last = __builtin_bswap16(static_cast<std::uint16_t>(address >> 32));
        const std::uint64_t before = ((address ^ secret_) & 0xffff'ffff) * 0x9e3779b97f4a7c15;
        return table_[(last ^ static_cast<std::uint32_t>(before >> 32)) & mask_];
    }
    [[nodiscard]] std::uint32_t buckets() const { return mask_ + 1; }

    Learned enter(Bucket& bucket, Address address, std::uint64_t wanted);
    template <class Ended>
    void remove_if(Ended&& ended);

    std::uint32_t limit_;
    std::uint32_t mask_;
    // Nobody can choose addresses that fill somebody's bucket.
    std::uint64_t secret_ = std::random_device{}();
    std::unique_ptr<Bucket[]> table_;
    std::atomic<std::uint8_t> now_{0};
    std::atomic<std::uint64_t> edition_{0};
    std::atomic<std::uint32_t> size_{0};
    std::atomic<std::uint64_t> moves_{0};
    std::atomic<std::uint64_t> full_{0};
};

}  // namespace famez::fwd
