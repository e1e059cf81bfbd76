// SPDX-License-Identifier: BSD-3-Clause
// What the switch knows a destination by: the 48 bits of an Ethernet address, as they lie in a
// frame read as a little-endian number. A port of a fabric and a Gen-Z component have addresses
// too.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace famez::fwd {

using Address = std::uint64_t;

inline constexpr Address address_mask = 0xffff'ffff'ffff;
inline constexpr std::uint32_t ether_header = 14;

// Of a frame's first and second six bytes. Reads eight bytes of each, which every frame has.
inline Address destination_of(const std::uint8_t* frame) {
    std::uint64_t bytes;
    std::memcpy(&bytes, frame, sizeof bytes);
    return bytes & address_mask;
}
inline Address source_of(const std::uint8_t* frame) {
    std::uint64_t bytes;
    std::memcpy(&bytes, frame + 4, sizeof bytes);
    return bytes >> 16;
}

// The group bit is the lowest of the first byte; broadcast has it too.
inline constexpr bool is_group(Address address) {
    return (address & 1) != 0;
}

// Its bytes in the order of the wire.
Address make_address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e,
                     std::uint8_t f);

// 02:fa:3e:00:HI:LO, which net_famez derives from a port's id.
Address address_of_port(std::uint16_t id);

// A Gen-Z component of subnet `sid`. A managing famez_server gives its ports CID = id * 100 and SID
// = 27: those are ports. All others are 06:CID:CID:CID:SID:SID. CIDs have 24 bits.
Address address_of_component(std::uint32_t cid, std::uint16_t sid);

// "3" and "0x3" (a port), "300,27" (a component), "02:fa:3e:00:00:03". None if it is none of these.
std::optional<Address> parse_address(std::string_view text);

std::string to_text(Address address);  // "02:fa:3e:00:00:03"

}  // namespace famez::fwd
