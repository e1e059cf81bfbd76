// SPDX-License-Identifier: BSD-3-Clause
// What kind of device a port's name stands for.
#pragma once

#include <string>
#include <string_view>

namespace famez::fwd {

// 0000:00:03.0, or 00:03.0 as lspci writes it.
bool is_pci_address(std::string_view name);

// EAL makes such devices itself when told: net_famez0, eth_ring1.
bool is_vdev(std::string_view name);

// As the ethdev is called: a PCI address has its domain. Throws std::invalid_argument if nothing is
// called so.
std::string device_name(std::string_view name);

}  // namespace famez::fwd
