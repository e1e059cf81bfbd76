// SPDX-License-Identifier: BSD-3-Clause
//
// A port in a secondary process: it can be looked at, nothing more. What it polls and sends belongs
// to the primary, whose mapping and lanes no other process has.
#include "compat_stats.h"
#include "ethdev.h"

namespace famez::pmd {
namespace {

int link_status_as_told(rte_eth_dev* /*dev*/, int /*wait*/) {
    return 0;
}

int close(rte_eth_dev* /*dev*/) {
    return 0;
}

consteval eth_dev_ops make_ops() {
    eth_dev_ops ops{};
    ops.dev_close = close;
    ops.dev_infos_get = infos_get;
    ops.link_update = link_status_as_told;
    ops.stats_get = stats_get;
    ops.stats_reset = stats_reset;
    ops.xstats_get = xstats_get;
    ops.xstats_get_names = xstats_get_names;
    ops.xstats_get_by_id = xstats_get_by_id;
    ops.xstats_get_names_by_id = xstats_get_names_by_id;
    ops.xstats_reset = xstats_reset;
    return ops;
}

constinit const eth_dev_ops secondary_ops = make_ops();

}  // namespace

void ethdev_init_secondary(rte_eth_dev* dev) {
    dev->dev_ops = &secondary_ops;
    dev->rx_pkt_burst = rte_eth_pkt_burst_dummy;
    dev->tx_pkt_burst = rte_eth_pkt_burst_dummy;
}

}  // namespace famez::pmd
