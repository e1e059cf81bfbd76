// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include <ethdev_driver.h>

#include <famez/transport.h>

#include "attachment.h"

namespace famez::pmd {

inline DevPrivate& shared_of(const rte_eth_dev* dev) {
    return *static_cast<DevPrivate*>(dev->data->dev_private);
}
// The primary process's; nullptr in a secondary.
inline Attachment* attachment_of(const rte_eth_dev* dev) {
    return static_cast<Attachment*>(dev->process_private);
}

extern const eth_dev_ops ethdev_ops;

// Makes an allocated ethdev a net_famez port on `transport`. Throws FabricError.
void ethdev_init(rte_eth_dev* dev, std::unique_ptr<Transport> transport, const Devargs& devargs);
// For a secondary process: statistics only (secondary.cc).
void ethdev_init_secondary(rte_eth_dev* dev);

int infos_get(rte_eth_dev* dev, rte_eth_dev_info* info);

// stats.cc; stats_get is in compat_stats.h
int stats_reset(rte_eth_dev* dev);
int xstats_get(rte_eth_dev* dev, rte_eth_xstat* values, unsigned count);
int xstats_get_names(rte_eth_dev* dev, rte_eth_xstat_name* names, unsigned count);
int xstats_get_by_id(rte_eth_dev* dev, const std::uint64_t* ids, std::uint64_t* values,
                     unsigned count);
int xstats_get_names_by_id(rte_eth_dev* dev, const std::uint64_t* ids, rte_eth_xstat_name* names,
                           unsigned count);
int xstats_reset(rte_eth_dev* dev);

}  // namespace famez::pmd
