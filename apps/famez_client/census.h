// SPDX-License-Identifier: BSD-3-Clause
//
// Who is on the fabric, from the mailbox and, where there is one, the port table.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "session.h"

namespace famez::client {

struct Node {
    std::uint32_t id = 0;
    std::string name;
    std::string node_class;
    std::uint64_t cid = 0;
    std::uint64_t sid = 0;
    // "server"; "up" or "stopped" for a port with lanes; "mail" for one without; "attached" for one
    // that holds an id and shows nothing (a virtual machine without a driver).
    std::string state;
    bool self = false;
};

std::vector<Node> take_census(Session& session);
nlohmann::json to_json(const Node& node);

}  // namespace famez::client
