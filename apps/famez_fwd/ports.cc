// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <rte_errno.h>
#include <rte_lcore.h>

#include "log.h"
#include "stop.h"

namespace famez::fwd {
namespace {

constexpr std::uint32_t default_segment = 2048;
// A larger one holds more buffers than the processor's nearest cache: 3 % of --mode io.
constexpr std::uint32_t pool_cache = 256;
static_assert(Ports::frame_overhead == RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN);

// net_famez delivers a frame in several buffers only if asked to. Others do so as they please.
bool delivers_plain_frames(std::uint16_t id) {
    rte_eth_dev_info info{};
    return rte_eth_dev_info_get(id, &info) == 0 && info.driver_name != nullptr &&
           std::string_view(info.driver_name).find("famez") != std::string_view::npos;
}

std::vector<PortOptions> all_of_eal(const Options& options) {
    if (!options.ports.empty()) return options.ports;
    std::vector<PortOptions> all;
    std::uint16_t id;
    RTE_ETH_FOREACH_DEV(id) {
        std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
        rte_eth_dev_get_name_by_port(id, name.data());
        all.push_back({name.data(), "", {}});
    }
    return all;
}

std::uint16_t find_port(const std::string& device) {
    std::uint16_t id = 0;
    if (rte_eth_dev_get_port_by_name(device.c_str(), &id) == 0) return id;
    throw PortError(fmt::format("there is no port {}; EAL makes it from --vdev={},... or -a {}",
                                device, device, device));
}

}  // namespace

Port::Port(std::uint16_t id, const PortOptions& own, const Options& options, std::uint16_t workers,
           bool plain)
    : id_(id),
      name_(own.device),
      impairment_(own.impairment),
      promiscuous_(options.promiscuous),
      interrupts_(options.idle_us.has_value()),
      workers_(workers) {
    check(rte_eth_dev_info_get(id_, &info_), "tells nothing of itself");
    driver_ = info_.driver_name != nullptr ? info_.driver_name : "unknown";
    rx_queues_ = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(
        options.rx_queues, 1, std::max<std::uint16_t>(1, info_.max_rx_queues)));
    tx_queues_ =
        std::clamp<std::uint16_t>(workers, 1, std::max<std::uint16_t>(1, info_.max_tx_queues));
    locks_ = std::make_unique<rte_spinlock_t[]>(tx_queues_);
    std::for_each_n(locks_.get(), tx_queues_,
                    [](rte_spinlock_t& lock) { rte_spinlock_init(&lock); });
    conf_.rxmode.mtu = options.mtu;
    if (info_.max_mtu != UINT16_MAX && options.mtu > info_.max_mtu) {
        throw PortError(fmt::format("port {} ({}) has an MTU of at most {}: give a smaller --mtu",
                                    name_, driver_, info_.max_mtu));
    }
    if (rx_queues_ > 1) {
        conf_.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf_.rx_adv_conf.rss_conf.rss_hf = info_.flow_type_rss_offloads;
    }
    // All buffers come from one pool, and a copy is a whole one.
    conf_.txmode.offloads = info_.tx_offload_capa & (plain ? RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE
                                                           : RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
    if (impairment_.rate_bps > 0 && workers > 1) {
        throw PortError(fmt::format(
            "port {}: each of {} workers would send at its rate; give --cores one of them", name_,
            workers));
    }
    configure(interrupts_);
    rte_eth_dev_callback_register(id_, RTE_ETH_EVENT_INTR_RMV, on_removal, this);
}

Port::~Port() {
    rte_eth_dev_callback_unregister(id_, RTE_ETH_EVENT_INTR_RMV, on_removal, this);
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
}

// EAL's interrupt thread.
int Port::on_removal(std::uint16_t /*id*/, rte_eth_event_type /*type*/, void* self,
                     void* /*unused*/) {
    complain("port {}: the machine takes the device away; ending", static_cast<Port*>(self)->name_);
    request_stop();
    return 0;
}

void Port::check(int result, const char* what) const {
    if (result == 0) return;
    throw PortError(fmt::format("port {} ({}) {}: {}; its driver's lines above may say more", name_,
                                driver_, what, rte_strerror(-result)));
}

// A driver without receive interrupts refuses them here, or when it starts.
void Port::configure(bool interrupts) {
    conf_.intr_conf.rxq = interrupts ? 1 : 0;
    conf_.intr_conf.rmv = (*info_.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0 ? 1 : 0;
    if (interrupts && rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_) != 0) {
        interrupts_ = false;
        conf_.intr_conf.rxq = 0;
    }
    if (!interrupts_ || !interrupts) {
        // net_tap has as many queues one way as the other.
        if (rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_) != 0) {
            tx_queues_ = rx_queues_ = std::min(tx_queues_, rx_queues_);
        }
        check(rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf_), "refuses its queues");
    }
    check(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors_, &tx_descriptors_),
          "refuses 1024 descriptors");
}

std::uint32_t Port::descriptors() const {
    return std::uint32_t{rx_queues_} * rx_descriptors_ +
           std::uint32_t{tx_queues_} * tx_descriptors_;
}

void Port::set_up_queues(rte_mempool* pool) {
    const int node = rte_eth_dev_socket_id(id_);
    const auto socket = static_cast<unsigned>(node < 0 ? SOCKET_ID_ANY : node);
    rte_eth_rxconf rx = info_.default_rxconf;
    rx.offloads = conf_.rxmode.offloads;
    for (std::uint16_t queue = 0; queue < rx_queues_; ++queue) {
        check(rte_eth_rx_queue_setup(id_, queue, rx_descriptors_, socket, &rx, pool),
              "cannot set up a receive queue");
    }
    rte_eth_txconf tx = info_.default_txconf;
    tx.offloads = conf_.txmode.offloads;
    for (std::uint16_t queue = 0; queue < tx_queues_; ++queue) {
        check(rte_eth_tx_queue_setup(id_, queue, tx_descriptors_, socket, &tx),
              "cannot set up a transmit queue");
    }
}

void Port::start(rte_mempool* pool) {
    set_up_queues(pool);
    int started = rte_eth_dev_start(id_);
    if (started != 0 && conf_.intr_conf.rxq != 0) {
        configure(false);
        set_up_queues(pool);
        started = rte_eth_dev_start(id_);
    }
    check(started, "does not start");
    if (promiscuous_ && rte_eth_promiscuous_enable(id_) != 0) {
        note("port {} ({}) cannot be promiscuous: it will hear what is for itself", name_, driver_);
    }
}

bool Port::link_up() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

Ports::Ports(const Options& options, std::uint16_t workers) {
    const std::vector<PortOptions> wanted = all_of_eal(options);
    if (wanted.empty()) {
        throw PortError(
            "EAL has no port: give it one with --vdev=net_famez0,socket=PATH, or -a ADDRESS, in "
            "front of the \"--\"");
    }
    if (wanted.size() > max_ports) {
        throw PortError(fmt::format("{} ports are more than the {} that there can be",
                                    wanted.size(), max_ports));
    }
    const bool pairs = options.mode == Mode::io || options.mode == Mode::macswap;
    if (pairs && wanted.size() != 1 && wanted.size() % 2 != 0) {
        throw PortError(fmt::format("--mode {} connects ports in pairs, and there are {}",
                                    to_string(options.mode), wanted.size()));
    }
    std::vector<std::uint16_t> ids;
    ids.reserve(wanted.size());
    for (const PortOptions& own : wanted)
        ids.push_back(find_port(own.device));
    const bool plain = std::all_of(ids.begin(), ids.end(), delivers_plain_frames);
    for (std::size_t i = 0; i < ids.size(); ++i)
        ports_.push_back(std::make_unique<Port>(ids[i], wanted[i], options, workers, plain));
    make_pool(options, workers);
    for (const auto& port : ports_)
        port->start(pool_);
}

Ports::~Ports() {
    // Closing gives back what the drivers hold; only then may the pool go.
    ports_.clear();
    rte_mempool_free(pool_);
}

// What all rings, caches, bursts under way and emulated wires can hold.
void Ports::make_pool(const Options& options, std::uint16_t workers) {
    std::uint32_t needed = 2 * pool_cache * (workers + 1U);
    for (const auto& port : ports_) {
        needed += port->descriptors() + workers * 4 * bursts_at_once * options.burst;
        if (port->impairment().any()) needed += workers * port->impairment().limit;
    }
    const std::uint32_t count = options.mbufs != 0 ? options.mbufs : needed;
    const std::uint32_t frame = options.mtu + frame_overhead;
    const std::uint32_t room = RTE_PKTMBUF_HEADROOM + std::max(default_segment, frame);
    if (room > UINT16_MAX) {
        throw PortError(fmt::format("--mtu {}: buffers hold {} bytes at most", options.mtu,
                                    UINT16_MAX - RTE_PKTMBUF_HEADROOM - frame_overhead));
    }
    pool_ = rte_pktmbuf_pool_create("famez_fwd", count, std::min(pool_cache, count / 2), 0,
                                    static_cast<std::uint16_t>(room),
                                    static_cast<int>(rte_socket_id()));
    if (pool_ != nullptr) return;
    throw PortError(fmt::format(
        "no memory for {} packet buffers of {} bytes: {}; give EAL more (-m MEGABYTES), "
        "or --mbufs a smaller number",
        count, room, rte_strerror(rte_errno)));
}

std::vector<std::string> Ports::names() const {
    std::vector<std::string> names;
    for (const auto& port : ports_)
        names.push_back(port->name());
    return names;
}

}  // namespace famez::fwd
