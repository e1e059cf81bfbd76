// SPDX-License-Identifier: BSD-3-Clause
#include "queue_info.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "burst.h"
#include "compat_queue.h"
#include "ethdev.h"
#include "queue.h"

namespace famez::pmd {
namespace {

constexpr std::uint32_t count_max = 4096;

template <class Memory>
std::uint32_t waiting(void* opaque, std::uint32_t max) {
    const auto& queue = *static_cast<RxQueue*>(opaque);
    return queue.many ? static_cast<ReceiverSet<Memory>*>(queue.receiver)->waiting(max)
                      : static_cast<Receiver<Memory>*>(queue.receiver)->waiting(max);
}

template <class Memory>
QueueCount rx_queue_count(void* queue) {
    return static_cast<QueueCount>(waiting<Memory>(queue, count_max));
}

template <class Memory>
int rx_descriptor_status(void* queue, std::uint16_t offset) {
    return waiting<Memory>(queue, offset + 1U) > offset ? RTE_ETH_RX_DESC_DONE
                                                        : RTE_ETH_RX_DESC_AVAIL;
}

// What was sent is done with at once: it was copied. Only a link can say that nothing more goes; a
// fabric port has a lane for each destination.
template <class Memory>
int tx_descriptor_status(void* opaque, std::uint16_t /*offset*/) {
    const auto& queue = *static_cast<TxQueue*>(opaque);
    if (queue.peer == 0) return RTE_ETH_TX_DESC_DONE;
    auto& lane = static_cast<Sender<Memory>*>(queue.sender)->to(queue.peer);
    return lane.has_room() ? RTE_ETH_TX_DESC_DONE : RTE_ETH_TX_DESC_FULL;
}

template <class Memory>
void set_looks_on(rte_eth_dev* dev) {
    dev->rx_queue_count = rx_queue_count<Memory>;
    dev->rx_descriptor_status = rx_descriptor_status<Memory>;
    dev->tx_descriptor_status = tx_descriptor_status<Memory>;
}

int burst_mode_get(rte_eth_dev* dev, rte_eth_burst_mode* mode) {
    const bool weak = attachment_of(dev)->memory_type() == MemoryType::weak;
    // "isa_v4" and the like.
    const char* level = std::strchr(select_burst_functions().isa, '_') + 1;
    std::snprintf(mode->info, sizeof mode->info, "instruction set %s, %s", level,
                  weak ? "fences for memory that is not write-back" : "write-back");
    return 0;
}

// The word at a link's next record: 0 until there is one.
int abort_if_pending(const std::uint64_t word, const std::uint64_t* /*opaque*/) {
    return word != 0 ? -1 : 0;
}

}  // namespace

void set_queue_looks(rte_eth_dev* dev) {
    if (attachment_of(dev)->memory_type() == MemoryType::weak) {
        set_looks_on<Weak>(dev);
    } else {
        set_looks_on<WriteBack>(dev);
    }
}

void rxq_info_get(rte_eth_dev* dev, std::uint16_t index, rte_eth_rxq_info* info) {
    const auto& queue = *static_cast<const RxQueue*>(dev->data->rx_queues[index]);
    info->mp = queue.pool;
    info->nb_desc = queue.descriptors;
    info->conf.offloads = dev->data->dev_conf.rxmode.offloads | queue.offloads;
    info->conf.rx_deferred_start = queue.deferred ? 1 : 0;
    info->scattered_rx = (info->conf.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0 ? 1 : 0;
    info->rx_buf_size = static_cast<std::uint16_t>(queue.room);
}

void txq_info_get(rte_eth_dev* dev, std::uint16_t index, rte_eth_txq_info* info) {
    const auto& queue = *static_cast<const TxQueue*>(dev->data->tx_queues[index]);
    info->nb_desc = queue.descriptors;
    info->conf.tx_deferred_start = queue.deferred ? 1 : 0;
    info->conf.offloads = dev->data->dev_conf.txmode.offloads | queue.offloads |
                          (queue.fast_free ? RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE : 0);
}

int rx_burst_mode_get(rte_eth_dev* dev, std::uint16_t /*queue*/, rte_eth_burst_mode* mode) {
    return burst_mode_get(dev, mode);
}
int tx_burst_mode_get(rte_eth_dev* dev, std::uint16_t /*queue*/, rte_eth_burst_mode* mode) {
    return burst_mode_get(dev, mode);
}

// One address can be waited for: a link's only lane. A fabric port has one a peer. What else a poll
// does (answering requests) is done when the wait ends by itself.
int get_monitor_addr(void* opaque, rte_power_monitor_cond* condition) {
    const auto& queue = *static_cast<RxQueue*>(opaque);
    if (queue.peer == 0 || queue.weak || queue.many) return -ENOTSUP;
    const std::uint64_t* word =
        static_cast<Receiver<WriteBack>*>(queue.receiver)->next_word(queue.peer);
    if (word == nullptr) return -EAGAIN;
    condition->addr = const_cast<std::uint64_t*>(word);
    condition->size = sizeof *word;
    condition->fn = abort_if_pending;
    return 0;
}

}  // namespace famez::pmd
