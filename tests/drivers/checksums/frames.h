// SPDX-License-Identifier: BSD-3-Clause
// Frames of TCP and UDP with wrong checksums, and whether they are right when they arrive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rte_ether.h>
#include <rte_mbuf.h>

namespace famez::probe {

enum class Ip : std::uint8_t { v4, v6 };
enum class L4 : std::uint8_t { tcp, udp };

struct Kind {
    Ip ip;
    L4 l4;
};

inline constexpr Kind all_kinds[] = {
    {Ip::v4, L4::tcp}, {Ip::v4, L4::udp}, {Ip::v6, L4::tcp}, {Ip::v6, L4::udp}};

struct Wish {
    rte_ether_addr to{};
    std::uint16_t payload = 20;    // bytes behind the headers; the frame is padded with ones
    bool ask = true;               // for checksums
    std::uint16_t part = 0;        // of a chain: bytes a segment; 0: one segment
    std::uint64_t more_flags = 0;  // besides those that ask
};

rte_mbuf* make_frame(rte_mempool* pool, Kind kind, const Wish& wish);

struct Checksums {
    bool ip;  // right; that of IPv6, which has none, always is
    bool l4;
    bool untouched;  // both as make_frame() left them
};
// Of a frame that make_frame() made, of any number of segments.
Checksums checksums_of(const rte_mbuf* frame);

// Did the driver say that they were never computed?
bool said_unsummed(const rte_mbuf* frame);

std::string name_of(Kind kind);

}  // namespace famez::probe
