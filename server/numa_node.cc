// SPDX-License-Identifier: BSD-3-Clause
#include "numa_node.h"

#include <fmt/format.h>
#include <numa.h>
#include <numaif.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <famez/error.h>

namespace famez {
namespace {

struct BitmaskFree {
    void operator()(bitmask* mask) const { numa_bitmask_free(mask); }
};
using Bitmask = std::unique_ptr<bitmask, BitmaskFree>;

[[noreturn]] void fail(int node, const std::string& what) {
    throw FabricError(fmt::format("--numa-node {}: {}", node, what));
}

std::string allowed_nodes() {
    const Bitmask allowed(numa_get_mems_allowed());
    std::string nodes;
    for (int node = 0; node <= numa_max_node(); ++node) {
        if (numa_bitmask_isbitset(allowed.get(), static_cast<unsigned>(node)) == 0) continue;
        nodes += fmt::format("{}{}", nodes.empty() ? "" : ", ", node);
    }
    return nodes;
}

Bitmask only(int node) {
    Bitmask mask(numa_allocate_nodemask());
    numa_bitmask_setbit(mask.get(), static_cast<unsigned>(node));
    return mask;
}

}  // namespace

void bind_process_to_node(int node) {
    if (numa_available() < 0) {
        fail(node, "this machine's kernel has no NUMA, or a sandbox forbids its system calls");
    }
    const Bitmask allowed(numa_get_mems_allowed());
    if (node < 0 || node > numa_max_node() ||
        numa_bitmask_isbitset(allowed.get(), static_cast<unsigned>(node)) == 0) {
        fail(node, fmt::format("there is no such node with memory for this process; there is {}",
                               allowed_nodes()));
    }
    // Not numa_set_membind(): it tells of no failure.
    const Bitmask mask = only(node);
    if (set_mempolicy(MPOL_BIND, mask->maskp, mask->size + 1) != 0) {
        fail(node, fmt::format("memory cannot be bound to it: {}", std::strerror(errno)));
    }
}

void bind_region_to_node(std::span<std::byte> region, int node) {
    const Bitmask mask = only(node);
    if (mbind(region.data(), region.size(), MPOL_BIND, mask->maskp, mask->size + 1,
              MPOL_MF_STRICT) != 0) {
        fail(node, fmt::format("the region cannot be bound to it: {}", std::strerror(errno)));
    }
    const int found = node_of(region.front());
    if (found != node) fail(node, fmt::format("the region's memory came from node {}", found));
}

int node_of(const std::byte& page) {
    int node = -1;
    // The kernel touches the page to answer.
    if (get_mempolicy(&node, nullptr, 0, const_cast<std::byte*>(&page),
                      MPOL_F_NODE | MPOL_F_ADDR) != 0) {
        throw FabricError(fmt::format("where the region's memory came from cannot be found out: {}",
                                      std::strerror(errno)));
    }
    return node;
}

}  // namespace famez
