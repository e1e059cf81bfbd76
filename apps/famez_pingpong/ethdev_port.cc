// SPDX-License-Identifier: BSD-3-Clause
#include "ethdev_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_pmd_famez.h>

#include "clock.h"
#include "driver_symbol.h"
#include "ethdev_frames.h"
#include "log.h"
#include "port_stats.h"
#include "rx_interrupt.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

constexpr std::uint32_t default_segment = 2048;
constexpr std::uint32_t default_mtu = 1500;
constexpr std::uint32_t pool_cache = RTE_MEMPOOL_CACHE_MAX_SIZE;

// A driver that says nothing of its MTU shows the type's largest value.
bool tells_mtu(const rte_eth_dev_info& info) {
    return info.max_mtu != UINT16_MAX;
}

// net_famez's own function for it.
auto pool_in_arena() {
    try {
        return reinterpret_cast<decltype(&rte_pmd_famez_pktmbuf_pool_create)>(
            driver_symbol("rte_pmd_famez_pktmbuf_pool_create"));
    } catch (const std::runtime_error& error) {
        throw PortError(fmt::format("--zero-copy: {}", error.what()));
    }
}

}  // namespace

EthdevPort::EthdevPort(const Options& options) {
    choose(options);
    rte_eth_dev_info info{};
    check(rte_eth_dev_info_get(id_, &info), "tells nothing of itself", "try another --port");
    driver_ = info.driver_name != nullptr ? info.driver_name : "unknown";
    configure(options, info);
    make_pool(options);
    try {
        set_up_queues(info);
        start(info);
    } catch (...) {
        rte_eth_dev_close(id_);
        rte_mempool_free(pool_);
        throw;
    }
    rte_eth_dev_callback_register(id_, RTE_ETH_EVENT_INTR_RMV, on_removal, this);
    rte_ether_addr address{};
    if (rte_eth_macaddr_get(id_, &address) == 0) {
        std::copy_n(std::begin(address.addr_bytes), mac_.size(), mac_.begin());
    }
}

EthdevPort::~EthdevPort() {
    rte_eth_dev_callback_unregister(id_, RTE_ETH_EVENT_INTR_RMV, on_removal, this);
    // Closing gives back what the driver holds; only then may the pool go.
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
    rte_mempool_free(pool_);
}

// EAL's interrupt thread.
int EthdevPort::on_removal(std::uint16_t id, rte_eth_event_type /*type*/, void* self,
                           void* /*unused*/) {
    auto& port = *static_cast<EthdevPort*>(self);
    complain("port {} ({}): the machine takes the device away; ending", id, port.name_);
    port.removed_ = true;
    request_stop();
    return 0;
}

void EthdevPort::check(int result, const char* what, const char* cure) const {
    if (result >= 0) return;
    throw PortError(fmt::format("port {} ({}, {}) {}: {}; {}", id_, name_, driver_, what,
                                rte_strerror(-result), cure));
}

void EthdevPort::choose(const Options& options) {
    const std::uint16_t first = rte_eth_find_next(0);
    if (first == RTE_MAX_ETHPORTS) {
        throw PortError(
            "there is no ethdev port; give one with --vdev=... or -a PCI-ADDRESS before the "
            "\"--\", "
            "and -d librte_net_DRIVER.so if its driver is not in DPDK's plugin directory. A PCI "
            "device must be bound to vfio-pci or uio_pci_generic first: dpdk-devbind.py --status");
    }
    id_ = options.port.value_or(first);
    if (rte_eth_dev_is_valid_port(id_) == 0) {
        throw PortError(
            fmt::format("--port {}: there is no such port; the first one is {}", id_, first));
    }
    std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
    if (rte_eth_dev_get_name_by_port(id_, name.data()) == 0) name_ = name.data();
}

std::uint32_t EthdevPort::choose_mtu(const Options& options, const rte_eth_dev_info& info) const {
    const std::uint32_t needed = options.largest_frame() - ether_header;
    const std::uint32_t wanted = options.mtu.value_or(std::max(needed, default_mtu));
    if (tells_mtu(info) && wanted > info.max_mtu) {
        throw PortError(fmt::format(
            "port {} ({}, {}) has an MTU of at most {}, which is frames of {} bytes; "
            "{} were asked for: give a smaller --size or --mtu",
            id_, name_, driver_, info.max_mtu, info.max_mtu + ether_header, wanted + ether_header));
    }
    const std::uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
    if (!tells_mtu(info) && wanted + overhead > info.max_rx_pktlen) {
        // net_memif is such a one: the number is a default nobody filled in.
        note("{} names no MTU and {} bytes as its longest frame; trying {} all the same", driver_,
             info.max_rx_pktlen, wanted + ether_header);
        return std::min(default_mtu, info.max_rx_pktlen - overhead);
    }
    return wanted;
}

std::uint16_t EthdevPort::receive_of_many(rte_mbuf** packets, std::uint16_t count) const {
    std::uint16_t received = 0;
    for (std::uint16_t i = 0; i < rx_queues_ && received == 0; ++i) {
        rx_turn_ = static_cast<std::uint16_t>(rx_turn_ + 1 < rx_queues_ ? rx_turn_ + 1 : 0);
        received = rte_eth_rx_burst(id_, rx_turn_, packets, count);
    }
    return received;
}

void EthdevPort::choose_queues(const Options& options, const rte_eth_dev_info& info) {
    // What tx receives is the few words of the other end.
    rx_queues_ = options.role == Role::rx ? options.queues : std::uint16_t{1};
    tx_queues_ = options.role == Role::tx ? options.queues : std::uint16_t{1};
    if (rx_queues_ <= info.max_rx_queues && tx_queues_ <= info.max_tx_queues) return;
    throw PortError(fmt::format(
        "port {} ({}, {}) has {} receive and {} transmit queues at most; give a smaller --queues{}",
        id_, name_, driver_, info.max_rx_queues, info.max_tx_queues,
        driver_ == "net_famez" ? ", or the server --lanes" : ""));
}

void EthdevPort::configure(const Options& options, const rte_eth_dev_info& info) {
    choose_queues(options, info);
    const std::uint32_t mtu = choose_mtu(options, info);
    largest_frame_ = std::max(mtu + ether_header, options.largest_frame());
    const bool can_chain = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
    segment_size_ = options.mbuf_size;
    if (segment_size_ == 0) {
        segment_size_ = can_chain ? default_segment : std::max(default_segment, largest_frame_);
    }
    const bool chains = largest_frame_ > segment_size_;
    if (chains && !can_chain) {
        throw PortError(
            fmt::format("port {} ({}, {}) cannot send chained buffers, so frames of {} bytes need "
                        "--mbuf-size {}",
                        id_, name_, driver_, largest_frame_, largest_frame_));
    }
    conf_.rxmode.mtu = mtu;
    conf_.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0 ? 1 : 0;
    if (chains) {
        conf_.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
        conf_.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
    } else {
        // Promises one pool, one segment and one reference, which is what this program sends.
        conf_.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    }
    // tx sleeps by the clock only. A driver without receive interrupts ignores it, or refuses here
    // or when it starts.
    conf_.intr_conf.rxq = options.idle_us && options.role != Role::tx ? 1 : 0;
    if (conf_.intr_conf.rxq != 0 &&
        rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_) != 0) {
        conf_.intr_conf.rxq = 0;
    }
    check(rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_), "refuses its queues",
          "see the driver's own lines above");
    check(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors_, &tx_descriptors_),
          "refuses 1024 descriptors", "see the driver's own lines above");
}

void EthdevPort::make_pool(const Options& options) {
    const std::uint32_t segments = 1 + (largest_frame_ - 1) / segment_size_;
    // What both rings and all bursts under way can hold, and the cache on top.
    const std::uint32_t needed =
        std::max(2U * (rx_queues_ * rx_descriptors_ + tx_queues_ * tx_descriptors_),
                 2 * options.burst * segments) +
        2 * pool_cache + options.burst * segments;
    const std::uint32_t count = options.mbufs != 0 ? options.mbufs : needed;
    const std::uint32_t cache = std::min(pool_cache, count / 2);
    const std::string name = fmt::format("famez_pp_{}", id_);
    const auto room = static_cast<std::uint16_t>(segment_size_ + RTE_PKTMBUF_HEADROOM);
    const int socket = static_cast<int>(rte_socket_id());
    if (options.zero_copy) {
        pool_ = pool_in_arena()(id_, name.c_str(), count, cache, 0, room, socket);
        check(pool_ != nullptr ? 0 : -rte_errno, "has no pool of its own to give",
              "see the driver's own lines above");
        return;
    }
    pool_ = rte_pktmbuf_pool_create(name.c_str(), count, cache, 0, room, socket);
    if (pool_ == nullptr) {
        throw PortError(fmt::format(
            "no memory for {} packet buffers of {} bytes: {}; give EAL more (-m MEGABYTES), or "
            "--mbufs a smaller number",
            count, segment_size_, rte_strerror(rte_errno)));
    }
}

void EthdevPort::set_up_queues(const rte_eth_dev_info& info) {
    const int node = rte_eth_dev_socket_id(id_);
    const auto socket = static_cast<unsigned>(node < 0 ? SOCKET_ID_ANY : node);
    rte_eth_rxconf rx = info.default_rxconf;
    rx.offloads = conf_.rxmode.offloads;
    for (std::uint16_t i = 0; i < rx_queues_; ++i) {
        check(rte_eth_rx_queue_setup(id_, i, rx_descriptors_, socket, &rx, pool_),
              "cannot set up its receive queue", "a larger --mbuf-size may help");
    }
    rte_eth_txconf tx = info.default_txconf;
    tx.offloads = conf_.txmode.offloads;
    for (std::uint16_t i = 0; i < tx_queues_; ++i) {
        check(rte_eth_tx_queue_setup(id_, i, tx_descriptors_, socket, &tx),
              "cannot set up its transmit queue", "see the driver's own lines above");
    }
}

void EthdevPort::start(const rte_eth_dev_info& info) {
    int started = rte_eth_dev_start(id_);
    if (started != 0 && conf_.intr_conf.rxq != 0) {
        note("port {} does not start with receive interrupts; trying without", id_);
        conf_.intr_conf.rxq = 0;
        check(rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_), "refuses its queues",
              "see the driver's own lines above");
        set_up_queues(info);
        started = rte_eth_dev_start(id_);
    }
    check(started, "does not start", "see the driver's own lines above");
}

void EthdevPort::reclaim() const {
    for (std::uint16_t i = 0; i < tx_queues_; ++i) {
        rte_eth_tx_burst(id_, i, nullptr, 0);
        rte_eth_tx_done_cleanup(id_, i, 0);
    }
}

bool EthdevPort::link_up() {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool EthdevPort::send_frame(std::span<const std::uint8_t> frame) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool_);
    if (packet == nullptr) {
        reclaim();
        return false;
    }
    packet->pkt_len = packet->data_len = static_cast<std::uint16_t>(frame.size());
    std::memcpy(frame_of(packet), frame.data(), frame.size());
    const std::uint64_t deadline = now_cycles() + to_cycles(send_frame_seconds);
    while (send(&packet, 1) == 0) {
        if (now_cycles() < deadline) continue;
        rte_pktmbuf_free(packet);
        return false;
    }
    return true;
}

void EthdevPort::receive_control(const std::function<void(const ReceivedControl&)>& visit) {
    std::array<rte_mbuf*, 32> packets;
    const std::uint16_t count = receive(packets.data(), packets.size());
    for (std::uint16_t i = 0; i < count; ++i) {
        if (const auto received = parse_control(packets[i])) visit(*received);
    }
    rte_pktmbuf_free_bulk(packets.data(), count);
}

std::unique_ptr<Interrupt> EthdevPort::make_interrupt() {
    return std::make_unique<RxInterrupt>(id_, rx_queues_);
}

void EthdevPort::add_statistics(nlohmann::ordered_json& json) const {
    add_port_statistics(json, id_);
}

std::string EthdevPort::statistics_line() const {
    return port_statistics_line(id_);
}

}  // namespace famez::pingpong
