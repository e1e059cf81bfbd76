// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <famez/unique_fd.h>

#include "checks.h"
#include "files.h"

namespace famez::doctor {
namespace {

constexpr const char* smaller_region =
    "on the host: a smaller famez_server --region-size (1G, the default, has room everywhere)\n"
    "or a guest with more address bits: QEMU's -cpu host (KVM) or -cpu max (TCG)\n"
    "(dmesg | grep 'BAR 2' in the guest says what was tried)";

constexpr const char* larger_window =
    "a device behind a PCIe root port needs room there before it is plugged in: QEMU's\n"
    "  -device pcie-root-port,pref64-reserve=2G,... (or twice the region, if that is larger)\n";

constexpr const char* larger_region =
    "on the host: famez_server with a --region-size of 1G (the default) or more: firmware then\n"
    "places BAR2 above 4 GB";

// Why /dev/mem cannot be used; empty if it can.
std::string devmem_obstacle(const Environment& environment) {
    const auto lockdown = read_line(environment.sysfs / "kernel/security/lockdown");
    if (lockdown && lockdown->find("[none]") == std::string::npos) {
        return fmt::format("the kernel is locked down ({}), so /dev/mem is closed", *lockdown);
    }
    const auto path = environment.dev / "mem";
    if (UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC))) return "";
    if (!environment.root) return "/dev/mem is for root";
    return fmt::format("/dev/mem: {}", std::strerror(errno));
}

std::string devmem_cure(const Environment& environment) {
    if (!environment.root) return "run the program as root";
    return "turn lockdown off (Secure Boot off, or no lockdown= on the kernel's command line)";
}

}  // namespace

Finding check_bar2(const PciDevice& device) {
    if (!device.bar2_assigned()) {
        // Bus 0 has no bridge whose window could be too small.
        const bool behind_bridge = device.address.find(":00:") == std::string::npos;
        return {"bar2",
                Verdict::problem,
                "BAR2 has no address",
                "the region is larger than the room that the guest's address space has for it",
                (behind_bridge ? larger_window : "") + std::string(smaller_region),
                ""};
    }
    std::string found = fmt::format("{} at {:#x}, {} 4 GB", size_text(device.bar2_bytes),
                                    device.bar2_start, device.above_4g() ? "above" : "below");
    if (!device.awake()) {
        found += fmt::format("; asleep ({}) until a program opens it",
                             device.decodes_memory ? device.power_state : "memory decoding off");
    }
    return ok("bar2", found);
}

Finding check_memory_type(const Environment& environment, const PciDevice& device) {
    if (!device.bar2_assigned()) return not_applicable("memory type", "BAR2 has no address");
    const std::string slow =
        "net_famez with bar2=auto will map BAR2 write-combining, or uncached where resource2_wc "
        "may "
        "not be opened: slow; where KVM honours the type (AMD hosts) very slow";
    if (!device.above_4g()) {
        return {"memory type", Verdict::warning, "write-combining: BAR2 lies below 4 GB",
                slow,          larger_region,    ""};
    }
    const std::string obstacle = devmem_obstacle(environment);
    if (!obstacle.empty()) {
        return {"memory type", Verdict::warning,         "write-combining: " + obstacle,
                slow,          devmem_cure(environment), ""};
    }
    return ok("memory type", "write-back: BAR2 lies above 4 GB and /dev/mem can be opened");
}

// A running driver is not disturbed. The kernel gives one range of memory one type, so we ask for
// the type that goes with every other: by /dev/mem, without O_SYNC. Below 4 GB, or where that is
// closed, by sysfs, which the kernel refuses when the types differ.
Peek peek_bar2(const Environment& environment, const PciDevice& device) {
    if (!device.bar2_assigned()) return NotRead{"BAR2 has no address"};
    if (!device.awake()) return NotRead{"the device is asleep until a program opens it"};
    if (device.above_4g() && devmem_obstacle(environment).empty()) {
        const auto path = environment.dev / "mem";
        const UniqueFd memory(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (memory) {
            Peek peek = peek_region(memory.get(), device.bar2_start, device.bar2_bytes);
            if (!std::holds_alternative<NotRead>(peek)) return peek;
        }
    }
    const auto path = device.directory / "resource2";
    const UniqueFd bar(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!bar) {
        return NotRead{fmt::format("{}: {}{}", path.string(), std::strerror(errno),
                                   environment.root ? "" : " (run as root)")};
    }
    return peek_region(bar.get(), 0, device.bar2_bytes);
}

Finding check_region(const Peek& peek) {
    if (const auto* facts = std::get_if<RegionFacts>(&peek)) return ok("region", describe(*facts));
    if (const auto* stranger = std::get_if<NoFabric>(&peek)) {
        return {"region",
                Verdict::problem,
                stranger->why,
                "this device belongs to another ivshmem server, or to an ivshmem-plain file",
                "on the host: famez_server -S PATH, and path=PATH in QEMU's -chardev",
                ""};
    }
    return not_applicable("region", "not looked at: " + std::get<NotRead>(peek).why);
}

Finding check_server_runs(const Peek& peek) {
    const auto* facts = std::get_if<RegionFacts>(&peek);
    if (facts == nullptr) return not_applicable("server", "the region was not looked at");
    if (facts->server_runs) return ok("server", "its heartbeat moves");
    return {
        "server",
        Verdict::problem,
        "the heartbeat in the region stands still: no server runs on this region",
        "ports that are there go on talking, but nobody can join them; a new famez_server makes "
        "a new region, which this device does not see",
        "on the host: start famez_server, then take the device out and in again "
        "(device_del, device_add)\nor end QEMU and start it again (a reboot inside is not "
        "enough)",
        ""};
}

}  // namespace famez::doctor
