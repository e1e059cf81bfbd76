// SPDX-License-Identifier: BSD-3-Clause
//
// The guest's way in: QEMU's ivshmem-doorbell device on the PCI bus.
#include <fmt/format.h>

#include <bus_pci_driver.h>
#include <ethdev_pci.h>

#include <famez/error.h>

#include "compat_device.h"
#include "ethdev.h"
#include "log.h"
#include "pci_transport.h"

namespace famez::pmd {
namespace {

// DPDK's net_avp has the same vendor and device: the subsystem, QEMU's own, tells them apart.
constexpr std::uint16_t vendor = 0x1af4;
constexpr std::uint16_t ivshmem_device = 0x1110;
constexpr std::uint16_t qemu_subsystem = 0x1100;

// The device's, or nullptr.
const char* arguments_of(const rte_pci_device& device) {
    return device.device.devargs != nullptr ? device.device.devargs->args : nullptr;
}

// EAL does not show us devices without any kernel driver, but those of a kernel driver of their
// own.
bool is_bound(const rte_pci_device& device) {
    return device.kdrv == RTE_PCI_KDRV_VFIO || device.kdrv == RTE_PCI_KDRV_UIO_GENERIC ||
           device.kdrv == RTE_PCI_KDRV_IGB_UIO;
}

// The application stops the port and removes the device; until then the machine's device_del waits.
void tell_removal(rte_eth_dev* dev) {
    // Closed already, by an application that still holds packets (Attachment::abandon()).
    if (dev->data == nullptr || dev->process_private == nullptr) return;
    log_notice(fmt::format("{}: the machine takes the device away", dev->device->name));
    rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_RMV, nullptr);
}

void init(rte_eth_dev* dev, rte_pci_device& device) {
    const Devargs devargs = parse_devargs(arguments_of(device), Bus::pci);
    auto transport = std::make_unique<PciTransport>(
        open_pci_device(device, [dev] { tell_removal(dev); }), devargs.bar2);
    log_notice(fmt::format("{}: {}", device.name, transport->bar2().describe()));
    if (const std::string cure = transport->bar2().cure(); !cure.empty()) {
        log_warning(
            fmt::format("{}: not write-back, so slower than it could be: {}", device.name, cure));
    }
    ethdev_init(dev, std::move(transport), devargs);
}

int init_ethdev(rte_eth_dev* dev) {
    if (rte_eal_process_type() == RTE_PROC_SECONDARY) {
        ethdev_init_secondary(dev);
        return 0;
    }
    try {
        init(dev, pci_device_of(*dev));
        return 0;
    } catch (const std::exception& error) {
        log_error(fmt::format("{}: {}", dev->device->name, error.what()));
        return -EIO;
    }
}

int probe(rte_pci_driver* /*driver*/, rte_pci_device* device) {
    if (!is_bound(*device)) {
        log_notice(
            fmt::format("{} is an ivshmem device bound to a kernel driver that keeps it: "
                        "bind it with \"dpdk-devbind.py -b vfio-pci {}\" to use it",
                        device->name, device->name));
        return 1;
    }
    return rte_eth_dev_pci_generic_probe(device, sizeof(DevPrivate), init_ethdev);
}

int remove(rte_pci_device* device) {
    rte_eth_dev* dev = rte_eth_dev_allocated(device->device.name);
    return dev == nullptr ? 0 : rte_eth_dev_close(dev->data->port_id);
}

constexpr rte_pci_id make_id() {
    rte_pci_id id{};
    id.class_id = RTE_CLASS_ANY_ID;
    id.vendor_id = vendor;
    id.device_id = ivshmem_device;
    id.subsystem_vendor_id = vendor;
    id.subsystem_device_id = qemu_subsystem;
    return id;
}

constexpr rte_pci_id ids[] = {make_id(), {}};

// EAL maps nothing: RTE_PCI_DRV_NEED_MAPPING would take the choice of BAR2's memory type away.
consteval rte_pci_driver make_driver() {
    rte_pci_driver driver{};
    driver.probe = probe;
    driver.remove = remove;
    driver.id_table = ids;
    driver.drv_flags = RTE_PCI_DRV_INTR_RMV;
    return driver;
}

constinit rte_pci_driver net_famez_pci = make_driver();

RTE_PMD_REGISTER_PCI(net_famez_pci, net_famez_pci);
RTE_PMD_REGISTER_PCI_TABLE(net_famez_pci, ids);
RTE_PMD_REGISTER_KMOD_DEP(net_famez_pci, "vfio-pci | uio_pci_generic");
RTE_PMD_REGISTER_PARAM_STRING(net_famez_pci,
                              "bar2=<auto|wb|wc|uc|path> "
                              "peer=<id> "
                              "node=<name> "
                              "class=<name> "
                              "stall-ms=<n> "
                              "mail=<0|1> "
                              "trust=<all|none|id+id> lend=<n> unsummed=<0|1>");

}  // namespace
}  // namespace famez::pmd
