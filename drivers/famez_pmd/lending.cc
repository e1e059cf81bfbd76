// SPDX-License-Identifier: BSD-3-Clause
#include "lending.h"

#include <algorithm>

#include <rte_mbuf.h>

namespace famez::pmd {
namespace {

std::uint32_t free_all(OwnersBack& back) {
    const auto count = static_cast<std::uint32_t>(back.size());
    rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(back.data()), count);
    back.clear();
    return count;
}

template <class Memory>
std::uint32_t take_back(const TxQueue& queue) {
    auto& sender = *static_cast<Sender<Memory>*>(queue.sender);
    sender.take_back();
    // What was copied, the application has had back at once.
    return queue.copied_max != 0 ? 0 : free_all(sender.back());
}

}  // namespace

void connect_lending(TxQueue& queue, const ZeroCopy& zero_copy, std::uint32_t queues) {
    constexpr std::uint32_t collect_most = 512;
    queue.loans = zero_copy.loans();
    queue.lent_pool = zero_copy.pool();
    queue.copied_max = zero_copy.copied_max();
    queue.collect_at = UINT32_MAX;
    if (queue.lent_pool == nullptr) return;
    const std::uint32_t buffers = queue.lent_pool->size;
    // An eighth of the buffers may have come back unseen, those of all lanes together.
    const std::uint32_t lanes = queues * (queue.peer != 0 ? 1 : queue.port->geometry().ports);
    const std::uint32_t most = std::min(collect_most, queue.loans->map().credits / 2);
    queue.collect_at = std::clamp(buffers / 8 / lanes, 1U, most);
    // A queue keeps what it has taken, so each gets its part; and one receiver that stands still
    // does not keep all of it from the others.
    queue.spares_left = std::max(buffers / queues, 1U);
    queue.copied_most = queue.peer != 0 ? buffers : std::max(queue.spares_left / 2, 1U);
}

int tx_done_cleanup(void* opaque, std::uint32_t /*most*/) {
    const auto* queue = static_cast<const TxQueue*>(opaque);
    if (queue == nullptr || queue->loans == nullptr) return 0;
    return static_cast<int>(queue->weak ? take_back<Weak>(*queue) : take_back<WriteBack>(*queue));
}

void take_back_all(Attachment& attachment) {
    if (attachment.zero_copy().loans() == nullptr) return;
    Fabric& fabric = attachment.fabric();
    fabric.take_back();
    for (std::uint32_t lane = 0; lane < fabric.port().lanes(); ++lane)
        free_all(fabric.back(lane));
}

}  // namespace famez::pmd
