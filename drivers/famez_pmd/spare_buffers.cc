// SPDX-License-Identifier: BSD-3-Clause
#include "spare_buffers.h"

#include <algorithm>
#include <array>

#include <rte_mempool.h>

namespace famez::pmd {

void get_spares(TxQueue& queue, OwnersBack& spares) {
    std::array<void*, 32> buffers{};
    const auto most = static_cast<std::uint32_t>(buffers.size());
    std::uint32_t count = std::min(queue.spares_left, most);
    // What an earlier start of the port lent may still be out: then there are fewer than its part.
    while (count != 0 && rte_mempool_get_bulk(queue.lent_pool, buffers.data(), count) != 0)
        count /= 2;
    spares.insert(spares.end(), buffers.begin(), buffers.begin() + count);
    queue.spares_left -= count;
}

}  // namespace famez::pmd
