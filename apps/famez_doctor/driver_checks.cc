// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <unistd.h>

#include "checks.h"
#include "files.h"
#include "processes.h"

namespace famez::doctor {
namespace {

constexpr const char* viommu_cure =
    "give QEMU a virtual IOMMU, Intel's on AMD hosts too:\n"
    "  -machine q35,kernel-irqchip=split -device intel-iommu,intremap=on\n"
    "libvirt: <ioapic driver='qemu'/> in <features>, and in <devices>\n"
    "  <iommu model='intel'><driver intremap='on'/></iommu>\n"
    "or do without, polling only: modprobe uio_pci_generic, and bind to that";

// What DPDK needs to lock for its DMA mappings is all its memory; this is a small program's.
constexpr std::uint64_t locked_bytes_least = std::uint64_t{256} << 20;

std::string bind_commands(const PciDevice& device) {
    std::string text = fmt::format(
        "modprobe vfio-pci && dpdk-devbind.py -b vfio-pci {0}\n"
        "or by hand, as root:\n"
        "  modprobe vfio-pci\n"
        "  echo vfio-pci > /sys/bus/pci/devices/{0}/driver_override\n",
        device.address);
    if (!device.driver.empty()) {
        text +=
            fmt::format("  echo {0} > /sys/bus/pci/devices/{0}/driver/unbind\n", device.address);
    }
    return text + fmt::format("  echo {} > /sys/bus/pci/drivers_probe", device.address);
}

std::string bind_cure(const PciDevice& device) {
    if (!device.iommu_group.empty()) return bind_commands(device);
    // Without a group vfio-pci refuses the device.
    return fmt::format(
        "first give the VM a vIOMMU (see viommu), then\n{}\n"
        "or do without a vIOMMU, polling only:\n"
        "  modprobe uio_pci_generic && dpdk-devbind.py -b uio_pci_generic {}",
        bind_commands(device), device.address);
}

// The file that a program opens to use the device; empty if its driver offers none.
std::filesystem::path node_of(const Environment& environment, const PciDevice& device) {
    if (device.driver == "vfio-pci" && !device.iommu_group.empty()) {
        return environment.dev / "vfio" /
               (device.no_iommu ? "noiommu-" + device.iommu_group : device.iommu_group);
    }
    if (device.driver == "uio_pci_generic") {
        const auto nodes = names_in(device.directory / "uio");
        if (!nodes.empty()) return environment.dev / nodes.front();
    }
    return {};
}

Finding missing(const std::string& what, const std::string& wrong, const std::string& cure) {
    return {"permissions", Verdict::problem, what, wrong, cure, ""};
}

}  // namespace

Finding check_device_missing(const Environment& environment) {
    std::string found = environment.device.empty()
                            ? "no ivshmem-doorbell device (1af4:1110, subsystem 1af4:1100)"
                            : fmt::format("no ivshmem-doorbell device at {}", environment.device);
    if (const auto strangers = find_strangers(environment); !strangers.empty()) {
        found += fmt::format("; {} has the same id but another subsystem, it is not ours",
                             listed(strangers));
    }
    return {"device",
            Verdict::problem,
            found,
            "this machine is not on a fabric",
            "start famez_server on the host, then add to QEMU's command line:\n"
            "  -chardev socket,id=ZMSG,path=/tmp/ivshmsg_socket\n"
            "  -device ivshmem-doorbell,chardev=ZMSG,vectors=4\n"
            "(famez_doctor --host looks at a host)",
            ""};
}

Finding check_device(const PciDevice& device) {
    return ok("device", fmt::format("ivshmem device of QEMU at {}", device.address));
}

Finding check_driver(const Environment& environment, const PciDevice& device) {
    if (device.driver == "vfio-pci") {
        std::string found = "vfio-pci";
        const auto node = node_of(environment, device);
        const auto user = node.empty() ? std::nullopt : holder_of(environment, node.string());
        if (user) found += ", in use by " + user->text();
        return ok("driver", found);
    }
    if (device.driver == "uio_pci_generic") {
        return {"driver",
                Verdict::warning,
                "uio_pci_generic",
                "polling only: no interrupts reach the program, and it needs hugepages and root",
                bind_cure(device),
                ""};
    }
    return {"driver",
            Verdict::problem,
            device.driver.empty() ? "none bound" : device.driver,
            "DPDK reaches the device through vfio-pci (or uio_pci_generic)",
            bind_cure(device),
            ""};
}

Finding check_viommu(const Environment& environment, const PciDevice& device) {
    const auto unsafe =
        read_line(environment.sysfs / "module/vfio/parameters/enable_unsafe_noiommu_mode");
    if (device.no_iommu || (device.iommu_group.empty() && unsafe == "Y")) {
        return {"viommu",
                Verdict::warning,
                "none; VFIO works without (enable_unsafe_noiommu_mode is Y)",
                "nothing keeps DMA of this and other devices apart",
                viommu_cure,
                ""};
    }
    if (!device.iommu_group.empty()) {
        return ok("viommu", fmt::format("the device is in group {}", device.iommu_group));
    }
    if (device.driver == "uio_pci_generic") {
        return not_applicable("viommu", "none; uio_pci_generic works without");
    }
    return {"viommu",
            Verdict::problem,
            "none: the device is in no IOMMU group",
            "vfio-pci refuses the device; Debian's kernel has no VFIO without an IOMMU",
            viommu_cure,
            ""};
}

Finding check_permissions(const Environment& environment, const PciDevice& device) {
    const auto node = node_of(environment, device);
    if (node.empty()) return not_applicable("permissions", "no driver is bound that has a file");
    if (::access(node.c_str(), F_OK) != 0) {
        return missing(fmt::format("{} is not there", node.string()),
                       "a program opens the device by this file",
                       "mount -t devtmpfs devtmpfs /dev    (containers: pass the device in)");
    }
    if (::access(node.c_str(), R_OK | W_OK) != 0) {
        return missing(fmt::format("{} is not yours to read and write", node.string()),
                       "a program opens the device by this file",
                       fmt::format("run the program as root, or: chown $USER {}", node.string()));
    }
    if (device.driver == "uio_pci_generic" && !environment.root) {
        return missing(fmt::format("{} is readable, but you are not root", node.string()),
                       "the BARs are mapped from sysfs, which is root's",
                       "run the program as root");
    }
    if (!environment.root && environment.locked_bytes < locked_bytes_least) {
        return {"permissions",
                Verdict::warning,
                fmt::format("{} may be locked (ulimit -l)", size_text(environment.locked_bytes)),
                "VFIO locks all memory that DPDK uses; beyond the limit it fails with ENOMEM",
                "ulimit -l unlimited    (lasting: memlock in /etc/security/limits.conf)",
                ""};
    }
    return ok("permissions",
              fmt::format("{} can be opened{}", node.string(), environment.root ? " (root)" : ""));
}

}  // namespace famez::doctor
