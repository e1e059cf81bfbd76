// SPDX-License-Identifier: BSD-3-Clause
//
// The famez device as sysfs shows it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "environment.h"

namespace famez::doctor {

struct PciDevice {
    std::string address;
    std::filesystem::path directory;  // in sysfs
    std::string driver;               // bound; empty: none
    std::string iommu_group;          // empty: none
    bool no_iommu = false;            // the group is one of VFIO's without an IOMMU
    std::uint64_t bar2_start = 0;
    std::uint64_t bar2_bytes = 0;  // 0: BAR2 has no address
    bool decodes_memory = true;    // the device answers at its BARs
    std::string power_state;       // "D0", ...; empty: not known

    [[nodiscard]] bool bar2_assigned() const { return bar2_bytes != 0; }
    [[nodiscard]] bool above_4g() const { return bar2_start >= std::uint64_t{1} << 32; }
    [[nodiscard]] bool awake() const {
        return decodes_memory && !power_state.starts_with("D1") && !power_state.starts_with("D2") &&
               !power_state.starts_with("D3");
    }
};

// ivshmem devices of QEMU's (1af4:1110, subsystem 1af4:1100), by address; with environment.device
// only that one. net_avp's device has the same ids but subsystem 1104.
std::vector<PciDevice> find_famez_devices(const Environment& environment);

// Addresses of devices with the same vendor and device that are not ours.
std::vector<std::string> find_strangers(const Environment& environment);

// Any PCI device with QEMU's subsystem ids: the machine is QEMU's guest.
bool has_qemu_devices(const Environment& environment);

}  // namespace famez::doctor
