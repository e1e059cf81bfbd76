// SPDX-License-Identifier: BSD-3-Clause
//
// The checks: each from an environment (and what it is about) to a finding.
#pragma once

#include <cstdint>
#include <optional>

#include "environment.h"
#include "finding.h"
#include "pci_device.h"
#include "region_peek.h"

namespace famez::doctor {

// Everything for that place, in the order in which it is worth mending.
Findings check_guest(const Environment& environment);
Findings check_host(const Environment& environment);

// ---- driver_checks.cc: the device and who drives it ----
Finding check_device_missing(const Environment& environment);
Finding check_device(const PciDevice& device);
Finding check_driver(const Environment& environment, const PciDevice& device);
Finding check_viommu(const Environment& environment, const PciDevice& device);
Finding check_permissions(const Environment& environment, const PciDevice& device);

// ---- bar_checks.cc: BAR2 and what lies in it ----
Finding check_bar2(const PciDevice& device);
Finding check_memory_type(const Environment& environment, const PciDevice& device);
Peek peek_bar2(const Environment& environment, const PciDevice& device);
Finding check_region(const Peek& peek);
Finding check_server_runs(const Peek& peek);

// ---- hugepages.cc ----
// `needed`: the program cannot do without (uio_pci_generic has no IOMMU to translate for it).
Finding check_hugepages(const Environment& environment, bool needed);

// ---- server_checks.cc: on the host, the server ----
Finding check_socket(const Environment& environment);
Finding check_socket_rights(const Environment& environment);
// Looks into the region: through the server's own descriptor, or by joining for a moment
// (--attach).
Peek peek_server(const Environment& environment, std::optional<std::uint32_t>& id);
Finding check_server_region(const Peek& peek, std::optional<std::uint32_t> id);

// ---- limits.cc: descriptors, as QEMU needs them ----
struct FabricSize {
    std::uint64_t ports = 14;
    std::uint64_t vectors = 16;
    bool known = false;  // else the server's defaults
};
std::uint64_t descriptors_needed(const FabricSize& size);
Finding check_descriptors(const Environment& environment, const FabricSize& size);
Finding check_running_qemus(const Environment& environment, const FabricSize& size);

// ---- host_checks.cc: what virtual machines need ----
Finding check_qemu(const Environment& environment);
Finding check_kvm(const Environment& environment);
// `region_bytes`: 0 if not known.
Finding check_memory(const Environment& environment, std::uint64_t region_bytes);
// `version`: what qemu-system-x86_64 --version printed.
Finding judge_qemu(const std::string& version);

}  // namespace famez::doctor
