// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK 26.07 changed in devices: RTE_ETH_DEV_TO_PCI is no more, and neither is
// rte_pci_device::driver. The member that an ethdev's device is, is there in every version.
#pragma once

#include <bus_pci_driver.h>
#include <ethdev_driver.h>

namespace famez::pmd {

// Of an ethdev that is on the PCI bus.
inline rte_pci_device& pci_device_of(const rte_eth_dev& dev) {
    return *container_of(dev.device, rte_pci_device, device);
}

}  // namespace famez::pmd
