// SPDX-License-Identifier: BSD-3-Clause
//
// The NUMA node that the region's memory is to come from.
#pragma once

#include <cstddef>
#include <span>

namespace famez {

// Makes this process take memory from that node only, or fail: hugepages of a file come by their
// allocator's policy. To be called before the region is made. Throws FabricError when there is no
// such node, or no memory on it that this process may use.
void bind_process_to_node(int node);

// Makes the region's pages come from that node whoever touches them first: a policy of the shared
// file, kept for all of its mappings. Hugepages are there already, and are looked at. Throws
// FabricError.
void bind_region_to_node(std::span<std::byte> region, int node);

// The node that a page came from, which it touches. Throws FabricError.
int node_of(const std::byte& page);

}  // namespace famez
