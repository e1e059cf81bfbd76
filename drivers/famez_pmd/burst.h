// SPDX-License-Identifier: BSD-3-Clause
//
// The burst functions, one set for each level of the instruction set (burst.cc is compiled once for
// each), and the choice among them.
#pragma once

#include <cstdint>

#include <rte_mbuf.h>

namespace famez::pmd {

using BurstFunction = std::uint16_t (*)(void* queue, rte_mbuf** packets, std::uint16_t count);

struct BurstPath {
    BurstFunction rx;               // a lane a queue
    BurstFunction rx_many;          // several lanes a queue
    BurstFunction tx_link;          // point-to-point: everything goes to one peer
    BurstFunction tx_fabric;        // by destination address
    BurstFunction tx_link_lending;  // the same, by ports that have a pool in their arena
    BurstFunction tx_fabric_lending;
};

struct BurstFunctions {
    const char* isa;
    BurstPath write_back;  // by the memory type of the region's mapping
    BurstPath weak;
};

namespace isa_baseline {
extern const BurstFunctions functions;
}
namespace isa_v3 {
extern const BurstFunctions functions;
}
namespace isa_v4 {
extern const BurstFunctions functions;
}

// The best set for the CPU that this runs on.
const BurstFunctions& select_burst_functions();

}  // namespace famez::pmd
