// SPDX-License-Identifier: BSD-3-Clause
//
// Whose is an address? A private copy of what the port table says, made anew when the table's
// generation moves (design section 7). Every word of the table can be a lie: counts are bounded,
// and of two ports that claim an address the lower id has it. A liar can thus take a lower port's
// added addresses away from higher ports, but not the address that a port derives from its id.
//
// An address is a word: its first octet in bits 0..7, as in layout::PortAddresses.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <famez/geometry.h>
#include <famez/layout.h>

namespace famez {

inline constexpr std::uint64_t address_bits = (std::uint64_t{1} << 48) - 1;
inline constexpr std::uint64_t broadcast_address = address_bits;

// 02:fa:3e:NN, the first four octets of the addresses that ports of the fabric with this number
// derive from their ids.
constexpr std::uint32_t derived_prefix(std::uint32_t fabric) {
    return 0x003e'fa02 | fabric << 24;
}
// 02:fa:3e:NN:HI:LO, HI:LO an id: in its own fabric that port's alone, whatever the table says.
constexpr bool is_derived_address(std::uint64_t address, std::uint32_t fabric) {
    return (address & 0xffff'ffff) == derived_prefix(fabric);
}
constexpr bool is_group_address(std::uint64_t address) {
    return (address & 1) != 0;
}

// The table at one moment.
class AddressTable {
  public:
    // `seed` makes the places of addresses in the hash unpredictable: nobody can choose addresses
    // that are slow to find.
    void build(std::span<std::byte> region, const Geometry& geometry, std::uint64_t seed);

    // Who has this address; 0: nobody that is up. Group addresses, and those derived in this
    // fabric, are nobody's here; another fabric's are as any others.
    [[nodiscard]] std::uint32_t owner(std::uint64_t address) const;

    // The one port that is to hear what `self` sends to this address: its owner, or for an address
    // that nobody has the only promiscuous port, which is a switch as a rule. 0: there are none or
    // several (each_hearer() tells).
    [[nodiscard]] std::uint32_t recipient(std::uint64_t address, std::uint32_t self) const;

    // Calls visit(id), by rising id, for each port up that is to hear a frame that is not for one
    // port alone: all of them for broadcast, those that joined a group or asked for all groups, and
    // for an address that nobody has those that are promiscuous (as they are of all groups).
    template <class Visit>
    [[gnu::always_inline]] void each_hearer(std::uint64_t address, Visit&& visit) const {
        const std::uint32_t wish = is_group_address(address)
                                       ? layout::filter_promiscuous | layout::filter_all_multicast
                                       : layout::filter_promiscuous;
        std::size_t member = is_group_address(address) ? first_claim(address) : claims_.size();
        for (const Hearer& hearer : hearers_) {
            while (is_claim(member, address) && claims_[member].id < hearer.id)
                ++member;
            if (address == broadcast_address || (hearer.filter & wish) != 0 ||
                (is_claim(member, address) && claims_[member].id == hearer.id)) {
                visit(hearer.id);
            }
        }
    }

  private:
    struct Claim {
        std::uint64_t address;
        std::uint32_t id;
        bool operator==(const Claim&) const = default;
        bool operator<(const Claim& other) const {
            return address != other.address ? address < other.address : id < other.id;
        }
    };
    struct Hearer {
        std::uint32_t id;
        std::uint32_t filter;
    };

    void read_port(layout::PortEntry& entry, std::uint32_t id, std::uint32_t fabric);
    void index();
    [[nodiscard]] std::size_t slot_of(std::uint64_t address) const {
        return ((address ^ seed_) * 0x9e37'79b9'7f4a'7c15) >> shift_;
    }
    // Its first claim, or claims_.size().
    [[nodiscard]] std::size_t first_claim(std::uint64_t address) const;
    [[nodiscard]] [[gnu::always_inline]] bool is_claim(std::size_t claim,
                                                       std::uint64_t address) const {
        return claim < claims_.size() && claims_[claim].address == address;
    }

    std::vector<Claim> claims_;         // by address, then id
    std::vector<std::uint32_t> slots_;  // a power of two, at least half of them empty (0): the
                                        // place of an address's first claim, plus 1
    std::vector<Hearer> hearers_;       // by id
    std::array<std::uint32_t, 3> promiscuous_{};  // the first of them that are; 0: no more
    std::uint64_t seed_ = 0;
    unsigned shift_ = 63;
};

// The newest AddressTable, made by the control thread and read by the one thread that sends, which
// never waits, allocates or looks at the shared table: of three tables one is being made, one is
// being read, and the third changes hands.
class AddressBook {
  public:
    AddressBook(std::span<std::byte> region, const Geometry& geometry);

    // From a control thread, at each tick: looks whether the port table has changed.
    void refresh();

    // The sender's thread; good until the next call.
    [[nodiscard]] [[gnu::always_inline]] const AddressTable& current() {
        if ((middle_.load(std::memory_order_relaxed) & fresh) != 0) {
            front_ = middle_.exchange(front_, std::memory_order_acq_rel) & ~fresh;
        }
        return tables_[front_];
    }

  private:
    static constexpr std::uint32_t fresh = 4;  // beside the table's number
    // Scribbles over others' addresses heal without a change of the generation.
    static constexpr std::uint32_t refreshes_a_rebuild = 20;

    std::span<std::byte> region_;
    Geometry geometry_;
    std::uint64_t seed_;
    std::mutex mutex_;  // among control threads
    std::uint64_t generation_ = 0;
    std::uint32_t age_ = refreshes_a_rebuild;
    std::uint32_t back_ = 0;
    std::array<AddressTable, 3> tables_;
    std::atomic<std::uint32_t> middle_{1};
    std::uint32_t front_ = 2;
};

}  // namespace famez
