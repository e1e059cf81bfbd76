// SPDX-License-Identifier: BSD-3-Clause
#include "pci_device.h"

#include <array>
#include <fstream>
#include <sstream>

#include "files.h"

namespace famez::doctor {
namespace {

// ivshmem-spec, "PCI device: Vendor ID"; QEMU gives its devices the subsystem 1af4:1100.
constexpr std::uint64_t red_hat = 0x1af4;
constexpr std::uint64_t ivshmem = 0x1110;
constexpr std::uint64_t qemu = 0x1100;

// include/linux/ioport.h
constexpr std::uint64_t resource_unset = 0x20000000;
// PCI local bus specification: command register, memory space enable
constexpr std::size_t command_offset = 4;
constexpr int command_memory = 1 << 1;

std::filesystem::path devices_of(const Environment& environment) {
    return environment.sysfs / "bus/pci/devices";
}

bool has(const std::filesystem::path& directory, const char* attribute, std::uint64_t value) {
    return read_number(directory / attribute) == value;
}

bool is_ivshmem(const std::filesystem::path& directory) {
    return has(directory, "vendor", red_hat) && has(directory, "device", ivshmem);
}

bool is_qemu(const std::filesystem::path& directory) {
    return has(directory, "subsystem_vendor", red_hat) && has(directory, "subsystem_device", qemu);
}

// Users type 00:03.0 for 0000:00:03.0, as lspci prints it.
bool names(const std::string& wanted, const std::string& address) {
    return wanted.empty() || wanted == address || "0000:" + wanted == address;
}

void read_bar2(PciDevice& device) {
    const auto lines = read_lines(device.directory / "resource");
    if (lines.size() < 3) return;
    std::istringstream words(lines[2]);
    std::array<std::uint64_t, 3> values{};
    for (std::uint64_t& value : values) {
        std::string word;
        words >> word;
        value = to_number(word).value_or(0);
    }
    const auto [start, end, flags] = values;
    if (start == 0 || end <= start || (flags & resource_unset) != 0) return;
    device.bar2_start = start;
    device.bar2_bytes = end - start + 1;
}

void read_state(PciDevice& device) {
    device.power_state = read_line(device.directory / "power_state").value_or("");
    std::ifstream file(device.directory / "config", std::ios::binary);
    std::array<char, command_offset + 1> head{};
    if (file.read(head.data(), head.size())) {
        device.decodes_memory = (head[command_offset] & command_memory) != 0;
    }
}

PciDevice look_at(const Environment& environment, const std::string& address) {
    PciDevice device;
    device.address = address;
    device.directory = devices_of(environment) / address;
    device.driver = link_name(device.directory / "driver").value_or("");
    device.iommu_group = link_name(device.directory / "iommu_group").value_or("");
    if (!device.iommu_group.empty()) {
        const auto kind =
            read_line(environment.sysfs / "kernel/iommu_groups" / device.iommu_group / "name");
        device.no_iommu = kind == "vfio-noiommu";
    }
    read_bar2(device);
    read_state(device);
    return device;
}

}  // namespace

std::vector<PciDevice> find_famez_devices(const Environment& environment) {
    std::vector<PciDevice> found;
    for (const std::string& address : names_in(devices_of(environment))) {
        const auto directory = devices_of(environment) / address;
        if (names(environment.device, address) && is_ivshmem(directory) && is_qemu(directory)) {
            found.push_back(look_at(environment, address));
        }
    }
    return found;
}

std::vector<std::string> find_strangers(const Environment& environment) {
    std::vector<std::string> found;
    for (const std::string& address : names_in(devices_of(environment))) {
        const auto directory = devices_of(environment) / address;
        if (is_ivshmem(directory) && !is_qemu(directory)) found.push_back(address);
    }
    return found;
}

bool has_qemu_devices(const Environment& environment) {
    for (const std::string& address : names_in(devices_of(environment))) {
        if (is_qemu(devices_of(environment) / address)) return true;
    }
    return false;
}

}  // namespace famez::doctor
