// SPDX-License-Identifier: BSD-3-Clause
#include "addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <famez/address_book.h>

#include "ethdev.h"
#include "log.h"
#include "mac.h"

namespace famez::pmd {
namespace {

static_assert(derived_prefix(0xa5) == mac_prefix(0xa5));

int publish(rte_eth_dev* dev) {
    Attachment& attachment = *attachment_of(dev);
    attachment.addresses().publish(attachment.fabric().port());
    return 0;
}

// The port's entry holds so many words for addresses of both kinds.
bool fits(const rte_eth_dev* dev, std::size_t words) {
    if (words <= layout::addresses_max) return true;
    log_error(fmt::format("{}: a port has {} addresses and multicast groups at most",
                          dev->device->name, layout::addresses_max));
    return false;
}

// What is derived from an id reaches that id, whoever else lists it; but not in another fabric.
bool is_anothers(const rte_eth_dev* dev, const rte_ether_addr& address) {
    const DevPrivate& shared = shared_of(dev);
    const std::uint32_t id = id_of(address.addr_bytes, mac_prefix(shared.number));
    if (!is_derived_address(mac_word(address), shared.number) || id == shared.id) return false;
    log_error(fmt::format("{}: this address can only be that of the fabric's port {}",
                          dev->device->name, id));
    return true;
}

int list(rte_eth_dev* dev, std::uint32_t index, const rte_ether_addr& address) {
    Addresses& addresses = attachment_of(dev)->addresses();
    std::uint64_t& place = addresses.listed.at(index);
    if (is_anothers(dev, address)) return -EADDRNOTAVAIL;
    if (!fits(dev, addresses.count() + (place == 0 ? 1 : 0))) return -ENOSPC;
    if (place == mac_word(address)) return 0;  // a port that starts is told of all once more
    place = mac_word(address);
    return publish(dev);
}

}  // namespace

std::size_t Addresses::count() const {
    return groups.size() + static_cast<std::size_t>(std::count_if(
                               listed.begin(), listed.end(), [](auto word) { return word != 0; }));
}

void Addresses::publish(Port& port) const {
    std::vector<std::uint64_t> words;
    words.reserve(count());
    std::copy_if(listed.begin(), listed.end(), std::back_inserter(words),
                 [](auto word) { return word != 0; });
    words.insert(words.end(), groups.begin(), groups.end());
    port.set_addresses(words, (promiscuous ? layout::filter_promiscuous : 0) |
                                  (all_multicast ? layout::filter_all_multicast : 0));
}

int mac_addr_set(rte_eth_dev* dev, rte_ether_addr* address) {
    return list(dev, 0, *address);
}

int mac_addr_add(rte_eth_dev* dev, rte_ether_addr* address, std::uint32_t index,
                 std::uint32_t /*pool*/) {
    return list(dev, index, *address);
}

void mac_addr_remove(rte_eth_dev* dev, std::uint32_t index) {
    attachment_of(dev)->addresses().listed.at(index) = 0;
    publish(dev);
}

int set_mc_addr_list(rte_eth_dev* dev, rte_ether_addr* groups, std::uint32_t count) {
    Addresses& addresses = attachment_of(dev)->addresses();
    if (!fits(dev, addresses.count() - addresses.groups.size() + count)) return -ENOSPC;
    std::vector<std::uint64_t> words;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!is_group(groups[i].addr_bytes)) return -EINVAL;
        words.push_back(mac_word(groups[i]));
    }
    addresses.groups = std::move(words);
    return publish(dev);
}

int promiscuous_enable(rte_eth_dev* dev) {
    attachment_of(dev)->addresses().promiscuous = true;
    return publish(dev);
}
int promiscuous_disable(rte_eth_dev* dev) {
    attachment_of(dev)->addresses().promiscuous = false;
    return publish(dev);
}
int allmulticast_enable(rte_eth_dev* dev) {
    attachment_of(dev)->addresses().all_multicast = true;
    return publish(dev);
}
int allmulticast_disable(rte_eth_dev* dev) {
    attachment_of(dev)->addresses().all_multicast = false;
    return publish(dev);
}

}  // namespace famez::pmd
