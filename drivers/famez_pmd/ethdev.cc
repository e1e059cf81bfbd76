// SPDX-License-Identifier: BSD-3-Clause
//
// The ethdev operations: a thin layer over an Attachment. Nothing here is on the data path.
#include "ethdev.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include <rte_malloc.h>

#include <famez/error.h>

#include "burst.h"
#include "checksums.h"
#include "compat_stats.h"
#include "interrupts.h"
#include "lending.h"
#include "log.h"
#include "mac.h"
#include "queue.h"
#include "queue_info.h"
#include "rte_pmd_famez.h"

namespace famez::pmd {
namespace {

constexpr std::uint32_t frame_overhead = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
constexpr std::uint32_t buffer_room_min = 128;  // fixed-size copies need record::small_bytes

// What frames of this MTU can measure.
std::uint32_t frame_bytes(std::uint32_t mtu) {
    return mtu + frame_overhead;
}

std::uint32_t mtu_max(const DevPrivate& shared) {
    return std::min<std::uint32_t>(shared.frame_max, UINT16_MAX) - frame_overhead;
}

}  // namespace

int infos_get(rte_eth_dev* dev, rte_eth_dev_info* info) {
    const DevPrivate& shared = shared_of(dev);
    info->max_rx_queues = static_cast<std::uint16_t>(shared.lanes);
    info->max_tx_queues = static_cast<std::uint16_t>(shared.lanes);
    info->max_mac_addrs = layout::addresses_max;
    info->min_mtu = RTE_ETHER_MIN_MTU;
    info->max_mtu = static_cast<std::uint16_t>(mtu_max(shared));
    info->max_rx_pktlen = frame_bytes(info->max_mtu);
    info->min_rx_bufsize = buffer_room_min;
    info->rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER | (shared.unsummed ? rx_checksums : 0);
    info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | tx_checksums;
    // Applications that forward would promise that all packets are of one pool.
    if (!ZeroCopy::in_use()) info->tx_offload_capa |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    info->rx_queue_offload_capa = info->rx_offload_capa;
    info->tx_queue_offload_capa = info->tx_offload_capa;
    info->default_rxportconf = {32, 1024, 1};
    info->default_txportconf = {32, 1024, 1};
    return 0;
}

namespace {

// What rte_eth_linkstatus_set() returns: 0 when the status is another than before.
int set_link(rte_eth_dev* dev, bool up) {
    rte_eth_link link{};
    link.link_speed = RTE_ETH_SPEED_NUM_100G;
    link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
    link.link_autoneg = RTE_ETH_LINK_FIXED;
    link.link_status = up ? RTE_ETH_LINK_UP : RTE_ETH_LINK_DOWN;
    return rte_eth_linkstatus_set(dev, &link);
}

int link_update(rte_eth_dev* dev, int /*wait*/) {
    return set_link(dev, dev->data->dev_started != 0 && attachment_of(dev)->link_up());
}

// From the control thread, at each tick.
void note_link(rte_eth_dev* dev, bool up) {
    if (dev->data->dev_started == 0 || dev->data->dev_conf.intr_conf.lsc == 0) return;
    if (set_link(dev, up) == 0) {
        rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, nullptr);
    }
}

int configure(rte_eth_dev* /*dev*/) {
    return 0;
}

// A frame of the MTU fits a buffer, or the application takes chains.
bool buffers_suffice(const rte_eth_dev* dev, std::uint32_t mtu) {
    const bool scatter = (dev->data->dev_conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
    for (unsigned i = 0; i < dev->data->nb_rx_queues; ++i) {
        const auto* queue = static_cast<const RxQueue*>(dev->data->rx_queues[i]);
        if (queue != nullptr && !scatter && frame_bytes(mtu) > queue->room) {
            log_error(fmt::format(
                "{}: frames of MTU {} need buffers of {} bytes, the pool's have {}: give larger "
                "buffers or ask for RTE_ETH_RX_OFFLOAD_SCATTER",
                dev->device->name, mtu, frame_bytes(mtu), queue->room));
            return false;
        }
    }
    return true;
}

void set_frame_max(rte_eth_dev* dev, std::uint32_t mtu) {
    for (unsigned i = 0; i < dev->data->nb_rx_queues; ++i) {
        auto* queue = static_cast<RxQueue*>(dev->data->rx_queues[i]);
        if (queue != nullptr) queue->frame_max = frame_bytes(mtu);
    }
}

void connect(TxQueue& queue, Attachment& attachment, std::uint16_t index) {
    Outlook& outlook = attachment.outlook(index);
    queue.sender = attachment.fabric().sender(index);
    queue.port = &attachment.fabric().port();
    queue.book = &outlook.book;
    queue.stalls = &outlook.stalls;
}

// TX queue i sends on lane i; the RX queues share all lanes.
void connect_queues(rte_eth_dev* dev) {
    Attachment& attachment = *attachment_of(dev);
    Fabric& fabric = attachment.fabric();
    const std::uint32_t queues = dev->data->nb_rx_queues;
    fabric.set_queues(std::max(queues, 1U));
    const bool many = queues < fabric.port().lanes();
    for (std::uint16_t i = 0; i < queues; ++i) {
        auto* queue = static_cast<RxQueue*>(dev->data->rx_queues[i]);
        if (queue == nullptr) continue;
        queue->many = many;
        queue->receiver = many ? fabric.receiver_set(i) : fabric.receiver(i);
    }
    for (std::uint16_t i = 0; i < dev->data->nb_tx_queues; ++i) {
        auto* queue = static_cast<TxQueue*>(dev->data->tx_queues[i]);
        if (queue == nullptr) continue;
        connect(*queue, attachment, i);
        connect_lending(*queue, attachment.zero_copy(), dev->data->nb_tx_queues);
    }
}

// A queue is polled, and sent on, by the application alone: there is nothing here to be started.
int rx_queue_start(rte_eth_dev* dev, std::uint16_t index) {
    dev->data->rx_queue_state[index] = RTE_ETH_QUEUE_STATE_STARTED;
    return 0;
}
int tx_queue_start(rte_eth_dev* dev, std::uint16_t index) {
    dev->data->tx_queue_state[index] = RTE_ETH_QUEUE_STATE_STARTED;
    return 0;
}

// Its lanes stay open, and nobody takes from them: their senders wait, and drop in the end
// (stall-ms).
int rx_queue_stop(rte_eth_dev* dev, std::uint16_t index) {
    if (dev->data->rx_queue_state[index] == RTE_ETH_QUEUE_STATE_STARTED) {
        static_cast<void>(rx_queue_intr_disable(dev, index));
    }
    dev->data->rx_queue_state[index] = RTE_ETH_QUEUE_STATE_STOPPED;
    return 0;
}
int tx_queue_stop(rte_eth_dev* dev, std::uint16_t index) {
    dev->data->tx_queue_state[index] = RTE_ETH_QUEUE_STATE_STOPPED;
    return 0;
}

// But for those that the application wants to start by itself.
void start_queues(rte_eth_dev* dev) {
    for (std::uint16_t i = 0; i < dev->data->nb_rx_queues; ++i) {
        const auto* queue = static_cast<const RxQueue*>(dev->data->rx_queues[i]);
        if (queue == nullptr || !queue->deferred) rx_queue_start(dev, i);
    }
    for (std::uint16_t i = 0; i < dev->data->nb_tx_queues; ++i) {
        const auto* queue = static_cast<const TxQueue*>(dev->data->tx_queues[i]);
        if (queue == nullptr || !queue->deferred) tx_queue_start(dev, i);
    }
}

// Brings back what has come since the stop, and makes what devarg lend asks for.
bool prepare_lending(rte_eth_dev* dev) {
    Attachment& attachment = *attachment_of(dev);
    take_back_all(attachment);
    try {
        attachment.make_copies(frame_bytes(dev->data->mtu), dev->data->numa_node);
    } catch (const FabricError& error) {
        log_error(fmt::format("{}: devarg lend: {}", dev->device->name, error.what()));
        return false;
    }
    return true;
}

// Which RX queues take frames without their checksums. If all do, senders are told.
std::uint32_t settle_checksums(rte_eth_dev* dev) {
    bool all = dev->data->nb_rx_queues != 0;
    for (unsigned i = 0; i < dev->data->nb_rx_queues; ++i) {
        auto* queue = static_cast<RxQueue*>(dev->data->rx_queues[i]);
        if (queue == nullptr) continue;
        const std::uint64_t offloads = queue->offloads | dev->data->dev_conf.rxmode.offloads;
        queue->unsummed = (offloads & rx_checksums) == rx_checksums ? record::flags_unsummed : 0;
        all = all && queue->unsummed != 0;
    }
    return all ? layout::cap_unsummed : 0;
}

// One for all queues.
BurstFunction tx_function(const rte_eth_dev* dev, const BurstPath& path) {
    std::uint64_t offloads = dev->data->dev_conf.txmode.offloads;
    for (unsigned i = 0; i < dev->data->nb_tx_queues; ++i) {
        const auto* queue = static_cast<const TxQueue*>(dev->data->tx_queues[i]);
        if (queue != nullptr) offloads |= queue->offloads;
    }
    Attachment& attachment = *attachment_of(dev);
    const bool lends = attachment.zero_copy().pool() != nullptr;
    const Tx way = (offloads & tx_checksums) != 0 ? Tx::unsummed : lends ? Tx::lending : Tx::plain;
    return (attachment.peer() != 0 ? path.tx_link : path.tx_fabric).at(static_cast<unsigned>(way));
}

int start(rte_eth_dev* dev) {
    if (!buffers_suffice(dev, dev->data->mtu)) return -EINVAL;
    if (!attachment_of(dev)->zero_copy().may_have(dev->data->nb_rx_queues)) {
        log_error(
            fmt::format("{}: the application holds packets of other ports: free them before the "
                        "number of RX queues changes",
                        dev->device->name));
        return -EBUSY;
    }
    if (!prepare_lending(dev)) return -ENOMEM;
    try {
        connect_queues(dev);
    } catch (const FabricError& error) {
        log_error(fmt::format("{}: {}", dev->device->name, error.what()));
        return -EMFILE;
    }
    if (!start_interrupts(dev)) return -ENOTSUP;
    set_frame_max(dev, dev->data->mtu);
    Attachment& attachment = *attachment_of(dev);
    const BurstFunctions& functions = select_burst_functions();
    const bool weak = attachment.memory_type() == MemoryType::weak;
    const BurstPath& path = weak ? functions.weak : functions.write_back;
    set_queue_looks(dev);
    const bool many = dev->data->nb_rx_queues < attachment.fabric().port().lanes();
    dev->rx_pkt_burst = many ? path.rx_many : path.rx;
    dev->tx_pkt_burst = tx_function(dev, path);
    attachment.zero_copy().resume();
    const bool may_sleep = dev->data->dev_conf.intr_conf.rxq != 0;
    attachment.fabric().port().set_capabilities(settle_checksums(dev) |
                                                (may_sleep ? layout::cap_may_sleep : 0));
    attachment.fabric().port().set_state(layout::PortState::up);
    attachment.refresh_outlooks();
    set_link(dev, attachment.link_up());
    start_queues(dev);
    return 0;
}

int stop(rte_eth_dev* dev) {
    dev->data->dev_started = 0;
    stop_interrupts(dev);
    attachment_of(dev)->zero_copy().pause();
    take_back_all(*attachment_of(dev));
    attachment_of(dev)->fabric().port().set_state(layout::PortState::stopped);
    for (unsigned i = 0; i < dev->data->nb_rx_queues; ++i) {
        dev->data->rx_queue_state[i] = RTE_ETH_QUEUE_STATE_STOPPED;
    }
    for (unsigned i = 0; i < dev->data->nb_tx_queues; ++i) {
        dev->data->tx_queue_state[i] = RTE_ETH_QUEUE_STATE_STOPPED;
    }
    link_update(dev, 0);
    return 0;
}

// A buffer of a pool with pinned external buffers keeps its flag: what a receive writes over it is
// taken from the pool.
int rx_queue_setup(rte_eth_dev* dev, std::uint16_t index, std::uint16_t descriptors,
                   unsigned socket, const rte_eth_rxconf* conf, rte_mempool* pool) {
    const std::uint32_t room = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
    if (rte_pktmbuf_data_room_size(pool) < RTE_PKTMBUF_HEADROOM + buffer_room_min) {
        log_error(fmt::format("{}: buffers of pool {} have room for fewer than {} bytes",
                              dev->device->name, pool->name, buffer_room_min));
        return -EINVAL;
    }
    void* memory = rte_zmalloc_socket("famez_rxq", sizeof(RxQueue), RTE_CACHE_LINE_SIZE,
                                      static_cast<int>(socket));
    if (memory == nullptr) return -ENOMEM;
    auto* queue = static_cast<RxQueue*>(memory);
    queue->counters = &shared_of(dev).rx[index];
    queue->pool = pool;
    queue->room = room;
    queue->frame_max = frame_bytes(dev->data->mtu);
    queue->peer = shared_of(dev).peer;
    queue->weak = attachment_of(dev)->memory_type() == MemoryType::weak;
    const bool pinned = (rte_pktmbuf_priv_flags(pool) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) != 0;
    queue->rearm = {RTE_PKTMBUF_HEADROOM, 1, 1, dev->data->port_id,
                    pinned ? RTE_MBUF_F_EXTERNAL : 0};
    queue->descriptors = descriptors;
    queue->trusted = attachment_of(dev)->zero_copy().trusted();
    try {
        queue->references =
            attachment_of(dev)->zero_copy().references(index, static_cast<int>(socket));
    } catch (const FabricError& error) {
        log_error(fmt::format("{}: {}", dev->device->name, error.what()));
        rte_free(memory);
        return -ENOMEM;
    }
    queue->deferred = conf->rx_deferred_start != 0;
    queue->offloads = conf->offloads;
    dev->data->rx_queues[index] = queue;
    return 0;
}

void rx_queue_release(rte_eth_dev* dev, std::uint16_t index) {
    auto* queue = static_cast<RxQueue*>(dev->data->rx_queues[index]);
    if (queue == nullptr) return;
    rte_mempool_put_bulk(queue->pool, reinterpret_cast<void**>(queue->stash), queue->stashed);
    rte_free(queue);
    dev->data->rx_queues[index] = nullptr;
}

int tx_queue_setup(rte_eth_dev* dev, std::uint16_t index, std::uint16_t descriptors,
                   unsigned socket, const rte_eth_txconf* conf) {
    void* memory = rte_zmalloc_socket("famez_txq", sizeof(TxQueue), RTE_CACHE_LINE_SIZE,
                                      static_cast<int>(socket));
    if (memory == nullptr) return -ENOMEM;
    auto* queue = static_cast<TxQueue*>(memory);
    queue->counters = &shared_of(dev).tx[index];
    queue->peer = shared_of(dev).peer;
    queue->frame_max = shared_of(dev).frame_max;
    queue->mac_prefix = mac_prefix(shared_of(dev).number);
    const std::uint64_t offloads = conf->offloads | dev->data->dev_conf.txmode.offloads;
    // By its head alone, a chain would be freed in part.
    queue->fast_free = (offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0 &&
                       (offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) == 0;
    queue->offloads = conf->offloads;
    queue->descriptors = descriptors;
    queue->weak = attachment_of(dev)->memory_type() == MemoryType::weak;
    queue->deferred = conf->tx_deferred_start != 0;
    dev->data->tx_queues[index] = queue;
    return 0;
}

void tx_queue_release(rte_eth_dev* dev, std::uint16_t index) {
    rte_free(dev->data->tx_queues[index]);
    dev->data->tx_queues[index] = nullptr;
}

int close(rte_eth_dev* dev) {
    if (rte_eal_process_type() != RTE_PROC_PRIMARY) return 0;
    for (std::uint16_t i = 0; i < dev->data->nb_rx_queues; ++i)
        rx_queue_release(dev, i);
    for (std::uint16_t i = 0; i < dev->data->nb_tx_queues; ++i)
        tx_queue_release(dev, i);
    Attachment* const attachment = attachment_of(dev);
    {
        const std::lock_guard lock(attachments_mutex);
        dev->process_private = nullptr;
    }
    attachment->zero_copy().pause();
    if (const std::uint32_t held = attachment->zero_copy().held(); held != 0) {
        log_error(
            fmt::format("{}: the application still holds {} packets that lie in other ports' "
                        "memory, which stays mapped until the program ends: free them first",
                        dev->device->name, held));
        attachment->abandon();
        return -EBUSY;
    }
    // Without the lock: it waits for callbacks, and one of those may be closing another port.
    delete attachment;
    return 0;
}

int mtu_set(rte_eth_dev* dev, std::uint16_t mtu) {
    if (mtu > mtu_max(shared_of(dev))) return -EINVAL;
    if (!buffers_suffice(dev, mtu)) return -EINVAL;
    set_frame_max(dev, mtu);
    return 0;
}

// A new epoch on the same attachment. Queues that the application does not set up again go on.
int reset(rte_eth_dev* dev) {
    Attachment& attachment = *attachment_of(dev);
    attachment.zero_copy().pause();
    if (attachment.zero_copy().held() != 0) return -EBUSY;
    take_back_all(attachment);
    try {
        attachment.restart();
        connect_queues(dev);
    } catch (const FabricError& error) {
        log_error(fmt::format("{}: {}", dev->device->name, error.what()));
        return -EIO;
    }
    return 0;
}

// The order of the members moves between DPDK versions: filled by name, at compile time. A dynamic
// initialiser would run after the bus has the driver registered.
consteval eth_dev_ops make_ops() {
    eth_dev_ops ops{};
    ops.dev_configure = configure;
    ops.dev_start = start;
    ops.dev_stop = stop;
    ops.dev_close = close;
    ops.dev_reset = reset;
    ops.dev_infos_get = infos_get;
    ops.link_update = link_update;
    ops.rx_queue_setup = rx_queue_setup;
    ops.rx_queue_release = rx_queue_release;
    ops.tx_queue_setup = tx_queue_setup;
    ops.tx_queue_release = tx_queue_release;
    ops.rx_queue_start = rx_queue_start;
    ops.rx_queue_stop = rx_queue_stop;
    ops.tx_queue_start = tx_queue_start;
    ops.tx_queue_stop = tx_queue_stop;
    ops.mtu_set = mtu_set;
    ops.tx_done_cleanup = tx_done_cleanup;
    ops.rx_queue_intr_enable = rx_queue_intr_enable;
    ops.rx_queue_intr_disable = rx_queue_intr_disable;
    ops.mac_addr_set = mac_addr_set;
    ops.mac_addr_add = mac_addr_add;
    ops.mac_addr_remove = mac_addr_remove;
    ops.set_mc_addr_list = set_mc_addr_list;
    ops.promiscuous_enable = promiscuous_enable;
    ops.promiscuous_disable = promiscuous_disable;
    ops.allmulticast_enable = allmulticast_enable;
    ops.allmulticast_disable = allmulticast_disable;
    ops.rxq_info_get = rxq_info_get;
    ops.txq_info_get = txq_info_get;
    ops.rx_burst_mode_get = rx_burst_mode_get;
    ops.tx_burst_mode_get = tx_burst_mode_get;
    ops.get_monitor_addr = get_monitor_addr;
    ops.stats_get = stats_get;
    ops.stats_reset = stats_reset;
    ops.xstats_get = xstats_get;
    ops.xstats_get_names = xstats_get_names;
    ops.xstats_get_by_id = xstats_get_by_id;
    ops.xstats_get_names_by_id = xstats_get_names_by_id;
    ops.xstats_reset = xstats_reset;
    return ops;
}

}  // namespace

constinit const eth_dev_ops ethdev_ops = make_ops();

void ethdev_init(rte_eth_dev* dev, std::unique_ptr<Transport> transport, const Devargs& devargs) {
    auto attachment =
        std::make_unique<Attachment>(dev->device->name, std::move(transport), devargs,
                                     shared_of(dev), [dev](bool up) { note_link(dev, up); });
    auto* mac = static_cast<rte_ether_addr*>(
        rte_zmalloc("famez_mac", layout::addresses_max * sizeof(rte_ether_addr), 0));
    if (mac == nullptr) throw FabricError("no memory for the port's addresses");
    *mac = mac_of(shared_of(dev).number, shared_of(dev).id);
    dev->data->mac_addrs = mac;
    dev->data->dev_flags |= RTE_ETH_DEV_INTR_LSC;
    dev->dev_ops = &ethdev_ops;
    dev->process_private = attachment.release();
}

}  // namespace famez::pmd

int rte_pmd_famez_id(std::uint16_t port_id) {
    if (rte_eth_dev_is_valid_port(port_id) == 0) return -ENODEV;
    const rte_eth_dev& dev = rte_eth_devices[port_id];
    if (dev.dev_ops != &famez::pmd::ethdev_ops) return -ENODEV;
    return static_cast<int>(famez::pmd::shared_of(&dev).id);
}
