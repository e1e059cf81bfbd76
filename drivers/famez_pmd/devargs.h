// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bar2.h"

namespace famez::pmd {

enum class Bus : std::uint8_t { vdev, pci };

// On the host:
//     --vdev=net_famez0,socket=PATH[,peer=ID][,node=NAME][,class=NAME][,mail=0][,stall-ms=N]
//         [,trust=WHO][,lend=N][,unsummed=1][,unsealed=1]
// In a guest:
//     -a ADDRESS[,bar2=WAY][,peer=ID][,node=NAME][,class=NAME][,mail=0][,stall-ms=N]
//         [,trust=WHO][,lend=N][,unsummed=1]

// Whose packets may stay in the sender's arena while the application works with them: their bytes
// can change meanwhile.
struct Trust {
    bool all = false;
    std::vector<std::uint32_t> ids;
    [[nodiscard]] bool any() const { return all || !ids.empty(); }
};

struct Devargs {
    std::string socket = "/tmp/ivshmsg_socket";
    std::uint32_t peer = 0;        // 0: a fabric port, not a point-to-point link
    std::uint32_t stall_ms = 100;  // fabric ports: how long a lane may stand still; 0: for ever
    std::string node;
    std::string node_class = "net_famez";
    bool mail = true;
    bool unsealed = false;
    bool unsummed = false;  // the application may ask for frames without checksums (checksums.h)
    Trust trust;
    std::uint32_t lend = 0;  // buffers in the arena for frames that come from other pools; 0: none
    Bar2Wish bar2;
};

// Throws FabricError that names the argument and what it can be. `text` may be nullptr.
Devargs parse_devargs(const char* text, Bus bus);

}  // namespace famez::pmd
