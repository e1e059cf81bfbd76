// SPDX-License-Identifier: BSD-3-Clause
//
// The host's way in: --vdev=net_famez0,socket=PATH
#include <fmt/format.h>

#include <bus_vdev_driver.h>
#include <ethdev_vdev.h>

#include <famez/error.h>
#include <famez/socket_transport.h>

#include "ethdev.h"
#include "log.h"

namespace famez::pmd {
namespace {

int probe_secondary(rte_vdev_device* vdev) {
    rte_eth_dev* dev = rte_eth_dev_attach_secondary(rte_vdev_device_name(vdev));
    if (dev == nullptr) return -ENODEV;
    dev->device = &vdev->device;
    ethdev_init_secondary(dev);
    rte_eth_dev_probing_finish(dev);
    return 0;
}

int probe(rte_vdev_device* vdev) {
    if (rte_eal_process_type() == RTE_PROC_SECONDARY) return probe_secondary(vdev);
    rte_eth_dev* dev = nullptr;
    try {
        const Devargs devargs = parse_devargs(rte_vdev_device_args(vdev), Bus::vdev);
        SocketTransportOptions options;
        options.socket_path = devargs.socket;
        options.accept_unsealed = devargs.unsealed;
        auto transport = std::make_unique<SocketTransport>(options);
        dev = rte_eth_vdev_allocate(vdev, sizeof(DevPrivate));
        if (dev == nullptr) throw FabricError("no ethdev port left, or no memory for one");
        ethdev_init(dev, std::move(transport), devargs);
        rte_eth_dev_probing_finish(dev);
        return 0;
    } catch (const std::exception& error) {
        log_error(fmt::format("{}: {}", rte_vdev_device_name(vdev), error.what()));
        if (dev != nullptr) rte_eth_dev_release_port(dev);
        return -EIO;
    }
}

int remove(rte_vdev_device* vdev) {
    rte_eth_dev* dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));
    return dev == nullptr ? 0 : rte_eth_dev_close(dev->data->port_id);
}

consteval rte_vdev_driver make_driver() {
    rte_vdev_driver driver{};
    driver.probe = probe;
    driver.remove = remove;
    return driver;
}

constinit rte_vdev_driver net_famez_vdev = make_driver();

RTE_PMD_REGISTER_VDEV(net_famez, net_famez_vdev);
RTE_PMD_REGISTER_PARAM_STRING(net_famez,
                              "socket=<path> "
                              "peer=<id> "
                              "node=<name> "
                              "class=<name> "
                              "stall-ms=<n> "
                              "mail=<0|1> "
                              "trust=<all|none|id+id> lend=<n> unsummed=<0|1> "
                              "unsealed=<0|1>");

}  // namespace
}  // namespace famez::pmd
