// SPDX-License-Identifier: BSD-3-Clause
//
// What the application wants its port to hear, and the ethdev operations that say it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ethdev_driver.h>

#include <famez/layout.h>
#include <famez/port.h>

namespace famez::pmd {

// Our own copy: ethdev changes its list of addresses now before, now after it tells the driver.
class Addresses {
  public:
    // Unicast addresses by their place in ethdev's list; 0: none.
    std::array<std::uint64_t, layout::addresses_max> listed{};
    std::vector<std::uint64_t> groups;
    bool promiscuous = false;
    bool all_multicast = false;

    [[nodiscard]] std::size_t count() const;
    // Tells the fabric.
    void publish(Port& port) const;
};

int mac_addr_set(rte_eth_dev* dev, rte_ether_addr* address);
int mac_addr_add(rte_eth_dev* dev, rte_ether_addr* address, std::uint32_t index,
                 std::uint32_t pool);
void mac_addr_remove(rte_eth_dev* dev, std::uint32_t index);
int set_mc_addr_list(rte_eth_dev* dev, rte_ether_addr* groups, std::uint32_t count);
int promiscuous_enable(rte_eth_dev* dev);
int promiscuous_disable(rte_eth_dev* dev);
int allmulticast_enable(rte_eth_dev* dev);
int allmulticast_disable(rte_eth_dev* dev);

}  // namespace famez::pmd
