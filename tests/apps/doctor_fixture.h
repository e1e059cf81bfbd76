// SPDX-License-Identifier: BSD-3-Clause
//
// A machine that does not exist, in a directory: sysfs, proc and dev as famez_doctor looks at them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <famez/geometry.h>
#include <famez/region.h>

#include "checks.h"

namespace famez::doctor {

inline constexpr std::uint64_t above_4g = 0x380000000000;
inline constexpr std::uint64_t below_4g = 0xc0000000;

class FakeMachine {
  public:
    FakeMachine() {
        std::string name =
            (std::filesystem::temp_directory_path() / "famez-doctor-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        root_ = name;
        environment.sysfs = root_ / "sys";
        environment.proc = root_ / "proc";
        environment.dev = root_ / "dev";
        environment.socket = (root_ / "socket").string();
        environment.root = true;
        write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "64\n");
        write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "60\n");
        write("proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw 0 0\n");
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;
    ~FakeMachine() {
        std::error_code error;
        std::filesystem::remove_all(root_, error);
    }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return root_ / name; }

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(path(name).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void link(const std::string& name, const std::string& target) const {
        std::filesystem::create_directories(path(name).parent_path());
        std::filesystem::remove(path(name));
        std::filesystem::create_symlink(target, path(name));
    }
    void remove(const std::string& name) const { std::filesystem::remove_all(path(name)); }

    // A device, awake, with BAR2 at `bar2_start`.
    void add_device(std::uint64_t bar2_start, std::uint64_t bar2_bytes,
                    const char* subsystem = "0x1100") const {
        write(device + "vendor", "0x1af4\n");
        write(device + "device", "0x1110\n");
        write(device + "subsystem_vendor", "0x1af4\n");
        write(device + "subsystem_device", std::string(subsystem) + "\n");
        write(device + "config", std::string("\xf4\x1a\x10\x11\x06\x00", 6));
        write(device + "power_state", "unknown\n");
        set_bar2(bar2_start, bar2_bytes, 0x14220c);
    }
    void set_bar2(std::uint64_t start, std::uint64_t bytes, std::uint64_t flags) const {
        std::ostringstream text;
        text << std::hex << "0xfebd0000 0xfebd00ff 0x40200\n0xfebd1000 0xfebd1fff 0x40200\n0x"
             << start << " 0x" << (bytes == 0 ? 0 : start + bytes - 1) << " 0x" << flags << "\n";
        write(device + "resource", text.str());
    }
    void bind(const std::string& driver) const {
        link(device + "driver", "../../../../bus/pci/drivers/" + driver);
    }
    void add_group(const std::string& group) const {
        link(device + "iommu_group", "../../../../kernel/iommu_groups/" + group);
        write("dev/vfio/" + group, "");
    }
    // A device as in a guest that is set up well, with a region in BAR2.
    void set_up_well() const {
        add_device(above_4g, region_bytes);
        add_group("3");
        bind("vfio-pci");
        add_region();
        write("dev/mem", "");
    }
    void add_region() const {
        const UniqueFd file = region_file();
        const Mapping mapping = Mapping::map(file.get(), true);
        GeometryRequest request;
        request.region_bytes = region_bytes;
        request.ports = 3;
        request.ring_bytes = 16384;
        format_region(mapping.bytes(), Geometry::plan(request), 5);
    }
    [[nodiscard]] UniqueFd region_file() const;

    [[nodiscard]] PciDevice only_device() const {
        const auto devices = find_famez_devices(environment);
        EXPECT_EQ(devices.size(), 1U);
        return devices.empty() ? PciDevice{} : devices.front();
    }

    static constexpr std::uint64_t region_bytes = std::uint64_t{16} << 20;
    const std::string device = "sys/bus/pci/devices/0000:00:03.0/";
    Environment environment;

  private:
    std::filesystem::path root_;
};

// The finding of that name; the first that has it.
inline Finding find(const Findings& findings, const std::string& name) {
    for (const Finding& finding : findings) {
        if (finding.name == name) return finding;
    }
    ADD_FAILURE() << "no finding " << name;
    return {};
}

}  // namespace famez::doctor
