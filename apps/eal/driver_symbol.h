// SPDX-License-Identifier: BSD-3-Clause
// A driver's own functions. EAL loads the driver, from wherever it is told: the program is not
// linked to it.
#pragma once

namespace famez {

// A function of net_famez, for a cast to its type. Behind rte_eal_init(). Throws
// std::runtime_error, which says what to do.
void* driver_symbol(const char* name);

}  // namespace famez
