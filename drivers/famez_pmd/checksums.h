// SPDX-License-Identifier: BSD-3-Clause
//
// Checksums that an application leaves to its port. Between ports of one machine nothing damages a
// frame: a receiver that says it knows what to do with such a frame (devarg unsummed=1) gets it
// without them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <famez/record.h>

namespace famez::pmd {

inline constexpr std::uint64_t tx_checksums =
    RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
// Whoever asks for all of these takes frames without checksums; they say so by their ol_flags.
inline constexpr std::uint64_t rx_checksums =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;

// What a frame to be sent leaves to its port, as flags of its record.
[[gnu::always_inline]] inline std::uint32_t asked_checksums(const rte_mbuf* frame) {
    const std::uint64_t l4 = frame->ol_flags & RTE_MBUF_F_TX_L4_MASK;
    const bool known_l4 = l4 == RTE_MBUF_F_TX_TCP_CKSUM || l4 == RTE_MBUF_F_TX_UDP_CKSUM;
    return ((frame->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0 ? record::flag_no_ip_sum : 0) |
           (known_l4 ? record::flag_no_l4_sum : 0);
}

// May it go without? A receiver would take what is said of the inner headers of a tunnel for the
// outer ones.
[[gnu::always_inline]] inline bool may_go_without(const rte_mbuf* frame) {
    constexpr std::uint64_t tunnel =
        RTE_MBUF_F_TX_TUNNEL_MASK | RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IPV6;
    return (frame->ol_flags & tunnel) == 0 &&
           frame->l2_len <= RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
}

// The ol_flags of a received frame whose record had these of record::flags_unsummed.
[[gnu::always_inline]] inline std::uint64_t rx_flags(std::uint32_t flags) {
    constexpr std::array<std::uint64_t, 4> by_flags{
        0, RTE_MBUF_F_RX_IP_CKSUM_NONE, RTE_MBUF_F_RX_L4_CKSUM_NONE,
        RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE};
    static_assert(record::flags_unsummed == 0b110);
    return by_flags[flags >> 1 & 3];
}

// Computes what `frame` asks for and writes it into `copy`, all its bytes in one piece. The frame
// itself stays as it is: others may hold it too. One whose headers are not where its l2_len and
// l3_len say, in its first segment, is copied as it is.
void write_checksums(const rte_mbuf* frame, std::byte* copy);

}  // namespace famez::pmd
