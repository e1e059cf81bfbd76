// SPDX-License-Identifier: BSD-3-Clause
//
// Whom a message is for: an id (7, 0x7), a node name, server or switch, all, others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <famez/mailbox.h>

namespace famez::client {

// In rising order. `all` and `others` are those that show a name. Throws FabricError: no such id or
// name. An id is taken as it is: whether somebody is there turns out when it is written to.
std::vector<std::uint32_t> resolve_target(const std::string& target, const Mailbox& mailbox);
// The same for what goes to one only.
std::uint32_t resolve_one(const std::string& target, const Mailbox& mailbox);

// What may be typed for a target now, for completion.
std::vector<std::string> target_words(const Mailbox& mailbox);

}  // namespace famez::client
