// SPDX-License-Identifier: BSD-3-Clause
//
// The burst functions, one set for each level of the instruction set (burst.cc is compiled once for
// each), and the choice among them.
#pragma once

#include <array>
#include <cstdint>

#include <rte_mbuf.h>

namespace famez::pmd {

using BurstFunction = std::uint16_t (*)(void* queue, rte_mbuf** packets, std::uint16_t count);

// What a port does besides copying frames. Each does what those before it do.
enum class Tx : std::uint8_t {
    plain,
    lending,   // it has a pool in its arena
    unsummed,  // its application leaves checksums to it
};
using TxFunctions = std::array<BurstFunction, 3>;  // by Tx

struct BurstPath {
    BurstFunction rx;       // a lane a queue
    BurstFunction rx_many;  // several lanes a queue
    TxFunctions tx_link;    // point-to-point: everything goes to one peer
    TxFunctions tx_fabric;  // by destination address
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
