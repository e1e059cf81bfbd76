// SPDX-License-Identifier: BSD-3-Clause
#include "address.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <system_error>

namespace famez::fwd {
namespace {

constexpr std::uint32_t cid_bits = 24;
// What a managing famez_server assigns.
constexpr std::uint32_t cid_per_id = 100;
constexpr std::uint16_t sid_of_ports = 27;

constexpr std::uint8_t byte_of(std::uint32_t number, unsigned index) {
    return static_cast<std::uint8_t>(number >> (8 * index));
}

// All of the text, decimal or 0x....
std::optional<std::uint32_t> parse_id(std::string_view text, std::uint32_t max) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint32_t id = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, id, hex ? 16 : 10);
    if (error != std::errc{} || rest != end || id > max) return std::nullopt;
    return id;
}

std::optional<Address> parse_component(std::string_view cid_text, std::string_view sid_text) {
    const auto cid = parse_id(cid_text, (1U << cid_bits) - 1);
    const auto sid = parse_id(sid_text, std::numeric_limits<std::uint16_t>::max());
    if (!cid || !sid) return std::nullopt;
    return address_of_component(*cid, static_cast<std::uint16_t>(*sid));
}

std::optional<Address> parse_mac(std::string_view text) {
    std::array<std::uint8_t, 6> mac{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const auto [rest, error] = std::from_chars(at, end, mac[i], 16);
        const bool last = i + 1 == mac.size();
        const bool separated = last ? rest == end : rest != end && *rest == ':';
        if (error != std::errc{} || rest - at > 2 || !separated) return std::nullopt;
        at = last ? rest : rest + 1;
    }
    return make_address(mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace

Address make_address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e,
                     std::uint8_t f) {
    return Address{a} | Address{b} << 8 | Address{c} << 16 | Address{d} << 24 | Address{e} << 32 |
           Address{f} << 40;
}

Address address_of_port(std::uint16_t id) {
    return make_address(0x02, 0xfa, 0x3e, 0x00, byte_of(id, 1), byte_of(id, 0));
}

Address address_of_component(std::uint32_t cid, std::uint16_t sid) {
    const std::uint32_t id = cid / cid_per_id;
    if (sid == sid_of_ports && cid % cid_per_id == 0 && id > 0 &&
        id <= std::numeric_limits<std::uint16_t>::max()) {
        return address_of_port(static_cast<std::uint16_t>(id));
    }
    return make_address(0x06, byte_of(cid, 2), byte_of(cid, 1), byte_of(cid, 0), byte_of(sid, 1),
                        byte_of(sid, 0));
}

std::optional<Address> parse_address(std::string_view text) {
    if (text.find(':') != std::string_view::npos) return parse_mac(text);
    const std::size_t comma = text.find(',');
    if (comma != std::string_view::npos) {
        return parse_component(text.substr(0, comma), text.substr(comma + 1));
    }
    const auto id = parse_id(text, std::numeric_limits<std::uint16_t>::max());
    if (!id) return std::nullopt;
    return address_of_port(static_cast<std::uint16_t>(*id));
}

std::string to_text(Address address) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", address & 0xff,
                       address >> 8 & 0xff, address >> 16 & 0xff, address >> 24 & 0xff,
                       address >> 32 & 0xff, address >> 40 & 0xff);
}

}  // namespace famez::fwd
