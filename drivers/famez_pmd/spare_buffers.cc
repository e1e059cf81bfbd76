// SPDX-License-Identifier: BSD-3-Clause
#include "spare_buffers.h"

#include <array>

namespace famez::pmd {

void get_spares(rte_mempool* pool, OwnersBack& spares) {
    std::array<void*, 32> buffers{};
    if (rte_mempool_get_bulk(pool, buffers.data(), buffers.size()) == 0) {
        spares.insert(spares.end(), buffers.begin(), buffers.end());
    } else if (rte_mempool_get(pool, buffers.data()) == 0) {
        spares.push_back(buffers[0]);
    }
}

}  // namespace famez::pmd
