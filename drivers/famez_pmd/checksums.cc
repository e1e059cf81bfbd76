// SPDX-License-Identifier: BSD-3-Clause
#include "checksums.h"

#include <algorithm>
#include <cstring>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

namespace famez::pmd {
namespace {

bool is_ipv6(const rte_mbuf* frame) {
    return (frame->ol_flags & RTE_MBUF_F_TX_IPV6) != 0;
}
bool is_udp(const rte_mbuf* frame) {
    return (frame->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM;
}

// Where the headers are in a frame, all of them in its first segment.
struct Headers {
    const std::byte* bytes;  // the frame's
    std::uint32_t ip;        // offsets from there
    std::uint32_t l4;
    [[nodiscard]] std::uint32_t ip_bytes() const { return l4 - ip; }
};

std::uint32_t ip_offset(const rte_mbuf* frame) {
    constexpr std::uint64_t outer = RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IPV6;
    const std::uint32_t l2 = frame->l2_len;
    return (frame->ol_flags & outer) == 0 ? l2 : l2 + frame->outer_l2_len + frame->outer_l3_len;
}

bool are_there(const rte_mbuf* frame, const Headers& headers, std::uint32_t asked) {
    const std::size_t ip_least = is_ipv6(frame) ? sizeof(rte_ipv6_hdr) : sizeof(rte_ipv4_hdr);
    const std::size_t l4_least = (asked & record::flag_no_l4_sum) == 0 ? 0
                                 : is_udp(frame)                       ? sizeof(rte_udp_hdr)
                                                                       : sizeof(rte_tcp_hdr);
    return headers.ip_bytes() >= ip_least && headers.l4 + l4_least <= frame->data_len;
}

std::uint16_t load_16(const std::byte* from) {
    std::uint16_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// The checksum of words that add up to `sum`, one of which is `old`, the checksum that stands
// there.
std::uint16_t checksum(std::uint32_t sum, std::uint16_t old) {
    sum += static_cast<std::uint16_t>(~old);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(~((sum >> 16) + sum));
}

void write_ip(const Headers& headers, std::byte* copy) {
    const std::uint32_t at = headers.ip + offsetof(rte_ipv4_hdr, hdr_checksum);
    const std::uint16_t sum = checksum(
        rte_raw_cksum(headers.bytes + headers.ip, headers.ip_bytes()), load_16(headers.bytes + at));
    std::memcpy(copy + at, &sum, sizeof sum);
}

// The addresses, and the bytes of TCP or UDP as IP counts them: behind those a frame may be padded.
struct Pseudo {
    const void* addresses;
    std::size_t address_bytes;
    std::uint32_t length;
};

Pseudo pseudo_header(const rte_mbuf* frame, const Headers& headers) {
    const std::byte* const header = headers.bytes + headers.ip;
    if (is_ipv6(frame)) {
        const auto& ip = *reinterpret_cast<const rte_ipv6_hdr*>(header);
        return {&ip.src_addr, sizeof ip.src_addr + sizeof ip.dst_addr,
                rte_be_to_cpu_16(ip.payload_len) + std::uint32_t{sizeof ip} - headers.ip_bytes()};
    }
    const auto& ip = *reinterpret_cast<const rte_ipv4_hdr*>(header);
    return {&ip.src_addr, sizeof ip.src_addr + sizeof ip.dst_addr,
            rte_be_to_cpu_16(ip.total_length) - headers.ip_bytes()};
}

// Adds up `length` bytes from `offset` on, which is in the first segment. False if there are not so
// many. (rte_raw_cksum_mbuf() loses carries behind a segment of odd length, as of DPDK 22.11.)
bool add_up(const rte_mbuf* frame, std::uint32_t offset, std::uint32_t length, std::uint32_t& sum) {
    std::uint32_t done = 0;
    for (const rte_mbuf* part = frame; part != nullptr && done < length; part = part->next) {
        const std::uint32_t bytes = std::min(length - done, part->data_len - offset);
        const std::uint16_t words =
            rte_raw_cksum(rte_pktmbuf_mtod_offset(part, const void*, offset), bytes);
        sum += done % 2 != 0 ? rte_bswap16(words) : words;
        done += bytes;
        offset = 0;
    }
    return done == length;
}

void write_l4(const rte_mbuf* frame, const Headers& headers, std::byte* copy) {
    const bool udp = is_udp(frame);
    const std::size_t at = headers.l4 + (udp ? offsetof(rte_udp_hdr, dgram_cksum)  //
                                             : offsetof(rte_tcp_hdr, cksum));
    const Pseudo pseudo = pseudo_header(frame, headers);
    const std::uint16_t protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
    std::uint32_t sum = rte_raw_cksum(pseudo.addresses, pseudo.address_bytes);
    sum += rte_cpu_to_be_16(protocol);
    sum += rte_cpu_to_be_16(static_cast<std::uint16_t>(pseudo.length));
    // A length below 0 is a very large one.
    if (!add_up(frame, headers.l4, pseudo.length, sum)) return;
    std::uint16_t result = checksum(sum, load_16(headers.bytes + at));
    // Of UDP, 0 says that there is none.
    if (udp && result == 0) result = 0xffff;
    std::memcpy(copy + at, &result, sizeof result);
}

}  // namespace

void write_checksums(const rte_mbuf* frame, std::byte* copy) {
    const std::uint32_t asked = asked_checksums(frame);
    const std::uint32_t ip = ip_offset(frame);
    const Headers headers{rte_pktmbuf_mtod(frame, const std::byte*), ip,
                          ip + static_cast<std::uint32_t>(frame->l3_len)};
    if (!are_there(frame, headers, asked)) return;
    if ((asked & record::flag_no_ip_sum) != 0 && !is_ipv6(frame)) write_ip(headers, copy);
    if ((asked & record::flag_no_l4_sum) != 0) write_l4(frame, headers, copy);
}

}  // namespace famez::pmd
