// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace famez::pmd {

// --vdev=net_famez0,socket=PATH[,peer=ID][,node=NAME][,class=NAME][,unsealed=1]
struct Devargs {
    std::string socket = "/tmp/ivshmsg_socket";
    std::uint32_t peer = 0;  // 0: a fabric port, not a point-to-point link
    std::string node;
    std::string node_class = "net_famez";
    bool unsealed = false;
};

// Throws FabricError that names the argument and what it can be.
Devargs parse_devargs(const char* text);

}  // namespace famez::pmd
