// SPDX-License-Identifier: BSD-3-Clause
//
// The function of rte_pmd_famez.h that makes a pool in a port's arena.
#include <fmt/format.h>

#include <rte_errno.h>

#include <famez/error.h>

#include "ethdev.h"
#include "log.h"
#include "rte_pmd_famez.h"

rte_mempool* rte_pmd_famez_pktmbuf_pool_create(std::uint16_t port_id, const char* name, unsigned n,
                                               unsigned cache_size, std::uint16_t priv_size,
                                               std::uint16_t data_room_size, int socket_id) {
    using namespace famez::pmd;
    if (rte_pmd_famez_id(port_id) < 0) {
        rte_errno = ENODEV;
        return nullptr;
    }
    rte_eth_dev& dev = rte_eth_devices[port_id];
    if (dev.data->dev_started != 0) {
        rte_errno = EBUSY;
        return nullptr;
    }
    Attachment& attachment = *attachment_of(&dev);
    try {
        return attachment.zero_copy().make_pool(
            attachment.fabric(), {name, n, cache_size, priv_size, data_room_size, socket_id});
    } catch (const famez::FabricError& error) {
        log_error(fmt::format("{}: pool {}: {}", dev.device->name, name, error.what()));
        rte_errno = attachment.zero_copy().pool() != nullptr ? EEXIST : ENOMEM;
        return nullptr;
    }
}
