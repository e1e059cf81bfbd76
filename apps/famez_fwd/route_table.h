// SPDX-License-Identifier: BSD-3-Clause
// Where --mode route sends what is for whom: a table that a file is read into and that never
// changes then. A new one takes its place when the file is read again.
//
// The file has one route a line; '#' starts a comment:
//
//     DESTINATION PORT [as ADDRESS] [impair SPEC]
//     DESTINATION drop
//     default PORT ... | default drop
//
// DESTINATION and ADDRESS are what parse_address() takes, SPEC what parse_impairment() takes, PORT
// is the name of a port's device or its number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "address.h"
#include "config.h"

namespace famez::fwd {

struct Route {
    std::uint16_t port = 0;
    bool drop = false;
    bool rewrite = false;  // the destination becomes `to`
    Address to = 0;
    std::uint16_t impairer = 0;  // 0: none, else 1 + its index in impairments()
    bool unknown = false;        // dropped because no line of the file is about it
};

// Its text has a line "PATH:LINE: message" for each of the first 20 mistakes.
class RouteError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class RouteTable {
  public:
    struct Entry {
        Address destination;
        std::uint32_t line;
        Route route;
    };

    static constexpr std::size_t max_file_bytes = 64U << 20;
    static constexpr std::size_t max_line_bytes = 4096;
    static constexpr std::size_t max_routes = 1'000'000;
    static constexpr std::size_t max_impaired_routes = UINT16_MAX;

    // Without a route: all is unknown.
    RouteTable() : RouteTable({}, Route{.drop = true, .unknown = true}, {}) {}

    // Throws RouteError; a file with one mistake gives no table at all.
    static RouteTable load(const std::string& path, std::span<const std::string> port_names);

    // Where a frame for this address, of 48 bits, goes: default_route() if it is not in the file.
    [[nodiscard]] const Route& find(Address destination) const noexcept {
        for (std::size_t i = mix(destination) >> shift_;; i = (i + 1) & mask_) {
            const Slot& slot = slots_[i];
            if (slot.destination == destination) return slot.route;
            if (slot.destination == nobody) return default_;
        }
    }

    // Unknown and dropped if the file has none.
    [[nodiscard]] const Route& default_route() const noexcept { return default_; }

    // In the order of the file, without the default route.
    [[nodiscard]] std::span<const Entry> routes() const { return entries_; }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    // One for each route that asks for it, the default route's too: each is a wire of its own.
    [[nodiscard]] std::span<const Impairment> impairments() const { return impairments_; }

    // Its high bits depend on all bits of the address. Addresses of one fabric differ in their last
    // bytes, the high ones of the number; one multiplication would carry those only to few bits.
    static constexpr std::uint64_t mix(Address address) noexcept {
        std::uint64_t bits = (address ^ (address >> 29)) * 0xbf58'476d'1ce4'e5b9;
        bits = (bits ^ (bits >> 32)) * 0x94d0'49bb'1331'11eb;
        return bits;
    }

  private:
    // No address: those have 48 bits.
    static constexpr Address nobody = ~Address{0};

    // Aligned, so that none lies across two cache lines.
    struct alignas(32) Slot {
        Address destination = nobody;
        Route route;
    };
    static_assert(sizeof(Slot) == 32);

    RouteTable(std::vector<Entry> entries, const Route& default_route,
               std::vector<Impairment> impairments);

    // At least half of them are nobody's: a search is short, and ends.
    std::vector<Slot> slots_;
    std::size_t mask_;
    unsigned shift_;
    Route default_;
    std::vector<Entry> entries_;
    std::vector<Impairment> impairments_;
};

}  // namespace famez::fwd
