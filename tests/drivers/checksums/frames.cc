// SPDX-License-Identifier: BSD-3-Clause
#include "frames.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "expect.h"

namespace famez::probe {
namespace {

constexpr std::uint16_t wrong = 0xbeef;
constexpr std::size_t padding = 3;  // so that the bytes of TCP or UDP are not all that follow

template <class Header>
Header& header_at(std::vector<std::byte>& bytes, std::size_t offset) {
    return *reinterpret_cast<Header*>(bytes.data() + offset);
}

std::size_t ip_bytes(Kind kind) {
    return kind.ip == Ip::v4 ? sizeof(rte_ipv4_hdr) : sizeof(rte_ipv6_hdr);
}
std::size_t l4_bytes(Kind kind) {
    return kind.l4 == L4::tcp ? sizeof(rte_tcp_hdr) : sizeof(rte_udp_hdr);
}
std::uint8_t protocol(Kind kind) {
    return kind.l4 == L4::tcp ? IPPROTO_TCP : IPPROTO_UDP;
}

void write_ip(std::vector<std::byte>& bytes, Kind kind, std::size_t l4_length) {
    auto& ether = header_at<rte_ether_hdr>(bytes, 0);
    if (kind.ip == Ip::v4) {
        ether.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
        auto& ip = header_at<rte_ipv4_hdr>(bytes, sizeof ether);
        ip = {};
        ip.version_ihl = RTE_IPV4_VHL_DEF;
        ip.total_length = rte_cpu_to_be_16(static_cast<std::uint16_t>(sizeof ip + l4_length));
        ip.time_to_live = 64;
        ip.next_proto_id = protocol(kind);
        ip.hdr_checksum = wrong;
        ip.src_addr = rte_cpu_to_be_32(RTE_IPV4(10, 1, 2, 3));
        ip.dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 255, 254, 253));
        return;
    }
    ether.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
    auto& ip = header_at<rte_ipv6_hdr>(bytes, sizeof ether);
    ip = {};
    ip.vtc_flow = rte_cpu_to_be_32(6U << 28);
    ip.payload_len = rte_cpu_to_be_16(static_cast<std::uint16_t>(l4_length));
    ip.proto = protocol(kind);
    ip.hop_limits = 64;
    std::memset(&ip.src_addr, 0xfd, sizeof ip.src_addr);
    std::memset(&ip.dst_addr, 0xfe, sizeof ip.dst_addr);
}

void write_l4(std::vector<std::byte>& bytes, Kind kind, std::size_t offset, std::size_t length) {
    if (kind.l4 == L4::tcp) {
        auto& tcp = header_at<rte_tcp_hdr>(bytes, offset);
        tcp.data_off = sizeof tcp / 4 << 4;
        tcp.cksum = wrong;
    } else {
        auto& udp = header_at<rte_udp_hdr>(bytes, offset);
        udp.dgram_len = rte_cpu_to_be_16(static_cast<std::uint16_t>(length));
        udp.dgram_cksum = wrong;
    }
}

std::uint64_t asked_flags(Kind kind) {
    return (kind.ip == Ip::v4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6) |
           (kind.l4 == L4::tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
}

rte_mbuf* segment(rte_mempool* pool, const std::byte* from, std::size_t bytes) {
    rte_mbuf* const part = rte_pktmbuf_alloc(pool);
    if (part == nullptr) give_up("no buffer");
    std::memcpy(rte_pktmbuf_append(part, static_cast<std::uint16_t>(bytes)), from, bytes);
    return part;
}

rte_mbuf* in_segments(rte_mempool* pool, const std::vector<std::byte>& bytes, std::size_t part) {
    rte_mbuf* const head = segment(pool, bytes.data(), std::min(part, bytes.size()));
    for (std::size_t done = part; done < bytes.size(); done += part) {
        rte_pktmbuf_chain(head,
                          segment(pool, bytes.data() + done, std::min(part, bytes.size() - done)));
    }
    return head;
}

bool ip_is_right(const rte_ipv4_hdr& ip) {
    return rte_raw_cksum(&ip, sizeof ip) == 0xffff;
}

}  // namespace

rte_mbuf* make_frame(rte_mempool* pool, Kind kind, const Wish& wish) {
    const std::size_t l4_at = sizeof(rte_ether_hdr) + ip_bytes(kind);
    const std::size_t l4_length = l4_bytes(kind) + wish.payload;
    std::vector<std::byte> bytes(l4_at + l4_length + padding, std::byte{0xff});
    for (std::size_t i = 0; i < l4_length; ++i)
        bytes[l4_at + i] = static_cast<std::byte>(i * 7 + 1);
    write_ip(bytes, kind, l4_length);
    write_l4(bytes, kind, l4_at, l4_length);
    header_at<rte_ether_hdr>(bytes, 0).dst_addr = wish.to;
    rte_mbuf* const frame = in_segments(pool, bytes, wish.part != 0 ? wish.part : bytes.size());
    frame->l2_len = sizeof(rte_ether_hdr);
    frame->l3_len = ip_bytes(kind) & 0x1ff;
    if (wish.ask) frame->ol_flags |= asked_flags(kind) | wish.more_flags;
    return frame;
}

Checksums checksums_of(const rte_mbuf* frame) {
    std::vector<std::byte> bytes(frame->pkt_len);
    if (const void* all = rte_pktmbuf_read(frame, 0, frame->pkt_len, bytes.data());
        all != bytes.data()) {
        std::memcpy(bytes.data(), all, bytes.size());
    }
    const std::size_t ip_at = sizeof(rte_ether_hdr);
    const bool v4 =
        header_at<rte_ether_hdr>(bytes, 0).ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
    const std::size_t l4_at = ip_at + (v4 ? sizeof(rte_ipv4_hdr) : sizeof(rte_ipv6_hdr));
    auto& ipv4 = header_at<rte_ipv4_hdr>(bytes, ip_at);
    auto& ipv6 = header_at<rte_ipv6_hdr>(bytes, ip_at);
    void* const l4 = bytes.data() + l4_at;
    const std::uint8_t proto = v4 ? ipv4.next_proto_id : ipv6.proto;
    auto& field = header_at<rte_be16_t>(
        bytes, l4_at + (proto == IPPROTO_TCP ? offsetof(rte_tcp_hdr, cksum)
                                             : offsetof(rte_udp_hdr, dgram_cksum)));
    const std::uint16_t found = field;
    field = 0;
    const std::uint16_t right =
        v4 ? rte_ipv4_udptcp_cksum(&ipv4, l4) : rte_ipv6_udptcp_cksum(&ipv6, l4);
    return {!v4 || ip_is_right(ipv4), found == right,
            found == wrong && (!v4 || ipv4.hdr_checksum == wrong)};
}

bool said_unsummed(const rte_mbuf* frame) {
    const auto ether_type = rte_pktmbuf_mtod(frame, const rte_ether_hdr*)->ether_type;
    const bool v4 = ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
    const std::uint64_t wanted =
        RTE_MBUF_F_RX_L4_CKSUM_NONE | (v4 ? RTE_MBUF_F_RX_IP_CKSUM_NONE : 0);
    const std::uint64_t mask = RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_IP_CKSUM_MASK;
    return (frame->ol_flags & mask) == wanted;
}

std::string name_of(Kind kind) {
    return fmt::format("{} in {}", kind.l4 == L4::tcp ? "TCP" : "UDP",
                       kind.ip == Ip::v4 ? "IPv4" : "IPv6");
}

}  // namespace famez::probe
