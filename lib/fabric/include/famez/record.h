// SPDX-License-Identifier: BSD-3-Clause
//
// The record header (design section 4): bits 0..23 length of the payload in bytes, 24..27 kind
// (never 0, so that a header of zero means "nothing yet"), 28..39 flags, 40..63 sequence.
#pragma once

#include <cstdint>

namespace famez::record {

inline constexpr std::uint64_t header_bytes = 8;
// What fixed-size copies of small payloads move, whatever the payload's true length. Rings have a
// guard of this size behind them.
inline constexpr std::uint64_t small_bytes = 64;

enum class Kind : std::uint32_t {
    none = 0,
    data = 1,  // the payload follows
    ref = 2,   // the payload is a reference into the sender's arena
    pad = 3,   // nothing up to the end of the ring
};

inline constexpr std::uint32_t flag_more = 1U << 0;  // the message goes on in the next record
// The message is a frame whose IP header checksum, or that of TCP or UDP, was never computed, as
// nothing on the way could damage it. Only towards ports with layout::cap_unsummed.
inline constexpr std::uint32_t flag_no_ip_sum = 1U << 1;
inline constexpr std::uint32_t flag_no_l4_sum = 1U << 2;
inline constexpr std::uint32_t flags_unsummed = flag_no_ip_sum | flag_no_l4_sum;

inline constexpr std::uint64_t length_mask = 0xff'ffff;
inline constexpr unsigned kind_shift = 24;
inline constexpr unsigned flags_shift = 28;
inline constexpr unsigned sequence_shift = 40;
inline constexpr std::uint64_t sequence_one = std::uint64_t{1} << sequence_shift;

// The header of a record of length 0 without flags; add length and flags to it. Adding
// sequence_one moves the sequence on: it stands in the highest bits, so it wraps by itself.
constexpr std::uint64_t header_base(Kind kind, std::uint32_t sequence) {
    return std::uint64_t{sequence} << sequence_shift | std::uint64_t(kind) << kind_shift;
}

constexpr std::uint32_t length(std::uint64_t header) {
    return static_cast<std::uint32_t>(header & length_mask);
}
constexpr std::uint32_t kind(std::uint64_t header) {
    return static_cast<std::uint32_t>(header >> kind_shift & 0xf);
}
constexpr std::uint32_t flags(std::uint64_t header) {
    return static_cast<std::uint32_t>(header >> flags_shift & 0xfff);
}

// Bytes that a record takes in the ring: header and payload, rounded up to 8.
constexpr std::uint64_t bytes(std::uint64_t payload_bytes) {
    return header_bytes + ((payload_bytes + 7) & ~std::uint64_t{7});
}

}  // namespace famez::record
