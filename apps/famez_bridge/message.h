// SPDX-License-Identifier: BSD-3-Clause
// What users write to the bridge and read from it: text of FAME-Z's kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace famez::bridge {

// Bytes of a message; the mail's limit.
inline constexpr std::size_t payload_max = 383;

struct Letter {
    std::uint32_t to;
    std::string_view payload;  // a part of what was written
};

// "TARGET:payload". TARGET: an id (also 0x..), CID,SID, or one of the words for the server, which
// is the last id. A mistake is a negative errno: EBADMSG no colon, EINVAL bad number, ENETUNREACH a
// SID of another subnet, EBADSLT no such id, ENODATA empty payload, E2BIG too long.
std::variant<Letter, int> parse_written(std::string_view text, std::uint32_t server_id);

// "CID,SID:payload".
std::string format_read(std::uint64_t cid, std::uint64_t sid, std::string_view payload);

}  // namespace famez::bridge
