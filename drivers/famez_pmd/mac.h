// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "rte_pmd_famez.h"

namespace famez::pmd {

// The first four octets of the addresses of a fabric's ports, as a word in memory order. `fabric`
// is the fabric's number.
constexpr std::uint32_t mac_prefix(std::uint32_t fabric) {
    return RTE_PMD_FAMEZ_MAC_0 | RTE_PMD_FAMEZ_MAC_1 << 8 | RTE_PMD_FAMEZ_MAC_2 << 16 |
           fabric << 24;
}

inline rte_ether_addr mac_of(std::uint32_t fabric, std::uint32_t id) {
    return {{RTE_PMD_FAMEZ_MAC_0, RTE_PMD_FAMEZ_MAC_1, RTE_PMD_FAMEZ_MAC_2,
             static_cast<std::uint8_t>(fabric), static_cast<std::uint8_t>(id >> 8),
             static_cast<std::uint8_t>(id)}};
}

// An address as the port table holds it: first octet in the lowest bits.
[[gnu::always_inline]] inline std::uint64_t address_at(const void* mac) {
    std::uint64_t word = 0;
    std::memcpy(&word, mac, RTE_ETHER_ADDR_LEN);
    return word;
}
inline std::uint64_t mac_word(const rte_ether_addr& mac) {
    return address_at(mac.addr_bytes);
}

// The id that an address holds which was derived from an id in the fabric of this prefix; 0 for any
// other address.
[[gnu::always_inline]] inline std::uint32_t id_of(const void* mac, std::uint32_t own_prefix) {
    std::uint32_t prefix = 0;
    std::uint16_t id = 0;
    std::memcpy(&prefix, mac, sizeof prefix);
    std::memcpy(&id, static_cast<const char*>(mac) + sizeof prefix, sizeof id);
    return prefix == own_prefix ? rte_be_to_cpu_16(id) : 0;
}

// Broadcast and multicast: the group bit of the first octet.
[[gnu::always_inline]] inline bool is_group(const void* mac) {
    return (*static_cast<const std::uint8_t*>(mac) & 1) != 0;
}

}  // namespace famez::pmd
