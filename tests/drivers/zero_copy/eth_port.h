// SPDX-License-Identifier: BSD-3-Clause
// A port of net_famez, by DPDK's public ethdev API.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "expect.h"

namespace famez::probe {

class EthPort {
  public:
    static constexpr std::uint16_t mtu = 9000;

    EthPort(std::string name, const std::string& devargs) : name_(std::move(name)) {
        if (rte_eal_hotplug_add("vdev", name_.c_str(), devargs.c_str()) != 0 ||
            rte_eth_dev_get_port_by_name(name_.c_str(), &id_) != 0) {
            give_up(fmt::format("there is no {}", name_));
        }
    }
    EthPort(const EthPort&) = delete;
    EthPort& operator=(const EthPort&) = delete;

    [[nodiscard]] std::uint16_t id() const { return id_; }

    // `rx_pool`: for what is copied.
    void set_up(rte_mempool* rx_pool, std::uint16_t queues = 1) const {
        rte_eth_conf conf{};
        conf.rxmode.mtu = mtu;
        set_up(rx_pool, queues, conf);
    }
    // With the largest MTU that there is. What comes is in chains.
    void set_up_for_all_sizes(rte_mempool* rx_pool) const {
        rte_eth_dev_info info{};
        check(rte_eth_dev_info_get(id_, &info), "info");
        rte_eth_conf conf{};
        conf.rxmode.mtu = info.max_mtu;
        conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
        set_up(rx_pool, 1, conf);
    }
    void set_up(rte_mempool* rx_pool, std::uint16_t queues, const rte_eth_conf& conf) const {
        check(rte_eth_dev_configure(id_, queues, queues, &conf), "configure");
        for (std::uint16_t i = 0; i < queues; ++i) {
            check(rte_eth_rx_queue_setup(id_, i, 1024, SOCKET_ID_ANY, nullptr, rx_pool), "rx");
            check(rte_eth_tx_queue_setup(id_, i, 1024, SOCKET_ID_ANY, nullptr), "tx");
        }
    }
    void start() const { check(rte_eth_dev_start(id_), "start"); }
    void stop() const { check(rte_eth_dev_stop(id_), "stop"); }
    // As good as the end of its process: the next one at this id is another incarnation.
    void leave() const {
        stop();
        check(rte_eth_dev_close(id_), "close");
        check(rte_eal_hotplug_remove("vdev", name_.c_str()), "remove");
    }

    [[nodiscard]] bool link_is_up() const {
        rte_eth_link link{};
        check(rte_eth_link_get_nowait(id_, &link), "link");
        return link.link_status == RTE_ETH_LINK_UP;
    }

    // 0 where there is none.
    [[nodiscard]] std::uint64_t statistic(const char* name) const {
        std::uint64_t number = 0;
        std::uint64_t value = 0;
        if (rte_eth_xstats_get_id_by_name(id_, name, &number) != 0) return 0;
        rte_eth_xstats_get_by_id(id_, &number, &value, 1);
        return value;
    }

  private:
    void check(int result, const char* what) const {
        if (result != 0) give_up(fmt::format("{}: {}: {}", name_, what, rte_strerror(-result)));
    }

    std::string name_;
    std::uint16_t id_ = 0;
};

}  // namespace famez::probe
