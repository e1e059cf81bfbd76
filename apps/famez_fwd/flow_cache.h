// SPDX-License-Identifier: BSD-3-Clause
// What a worker has found in the table of addresses lately: of frames that came by the same port,
// from the same source and for the same destination, where they go. A hit stands for both searches,
// of the source and of the destination.
//
// An entry is good for one edition of the table (MacTable::edition()), which is part of the key:
// what happens to either address makes a new one. So does each step of time: a source that goes on
// sending is thus learned once a step, which keeps it from ageing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace famez::fwd {

class FlowCache {
  public:
    static constexpr std::uint8_t nothing = 0xff;

    struct Key {
        std::uint64_t first;   // a frame's first eight bytes
        std::uint64_t second;  // its next four, the edition (19 bits), the port (5), and 0
    };

    // For the frames of one burst, which came by one port. Held by value: a loop keeps it in
    // registers.
    class Reader {
      public:
        [[gnu::always_inline]] [[nodiscard]] Key key_of(const std::uint8_t* frame) const {
            std::uint64_t first;
            std::uint32_t rest;
            std::memcpy(&first, frame, sizeof first);
            std::memcpy(&rest, frame + sizeof first, sizeof rest);
            return {first, std::uint64_t{rest} << 32 | tag_};
        }

        // What was put there; nothing: it was not, or in another edition.
        [[gnu::always_inline]] [[nodiscard]] std::uint8_t find(const Key& key) const {
            const std::size_t place = place_of(key);
            if (fits(entries_[place], key)) [[likely]] {
                return static_cast<std::uint8_t>(entries_[place].second);
            }
            const Key& next_door = entries_[place ^ 1];
            return fits(next_door, key) ? static_cast<std::uint8_t>(next_door.second) : nothing;
        }

      private:
        friend FlowCache;
        Reader(const Key* entries, std::uint64_t tag, std::uint32_t start)
            : entries_(entries), tag_(tag), start_(start) {}

        [[gnu::always_inline]] static bool fits(const Key& entry, const Key& key) {
            return entry.first == key.first && (entry.second ^ key.second) < 256;
        }

        // Addresses of one maker, or one fabric, count up in their last two octets: flows of such
        // have a place each, side by side, be it many to one, one to many, or each to its own.
        [[gnu::always_inline]] [[nodiscard]] std::size_t place_of(const Key& key) const {
            const std::uint32_t to = __builtin_bswap16(static_cast<std::uint16_t>(key.first >> 32));
            const std::uint32_t from =
                __builtin_bswap16(static_cast<std::uint16_t>(key.second >> 48));
            return (start_ + to - 2 * from) % size;
        }

        const Key* entries_;
        std::uint64_t tag_;
        std::uint32_t start_;  // far from what came by other ports
    };

    // Until the next call.
    [[gnu::always_inline]] Reader read(std::uint64_t edition, std::uint16_t port) {
        if (edition != edition_) [[unlikely]]
            follow(edition);
        return {entries_.get(), (edition % editions << 5 | port) << 8,
                static_cast<std::uint32_t>(port * (size / 8 + 1))};
    }

    // Who was there moves next door, if he is of this edition.
    void put(const Reader& reader, const Key& key, std::uint8_t to) {
        const std::size_t place = reader.place_of(key);
        constexpr std::uint64_t edition = (editions - 1) << 13;
        if (((entries_[place].second ^ key.second) & edition) == 0) {
            entries_[place ^ 1] = entries_[place];
        }
        entries_[place] = {key.first, key.second | to};
    }

  private:
    static constexpr std::size_t size = 8192;
    static constexpr std::uint64_t editions = 1U << 19;

    // Numbers of editions come again.
    void follow(std::uint64_t edition) {
        if (edition / editions != edition_ / editions) {
            std::fill_n(entries_.get(), size, Key{~std::uint64_t{0}, ~std::uint64_t{0}});
        }
        edition_ = edition;
    }

    std::unique_ptr<Key[]> entries_ = std::make_unique<Key[]>(size);
    std::uint64_t edition_ = ~std::uint64_t{0};  // none: the first one fills it
};

}  // namespace famez::fwd
