// SPDX-License-Identifier: BSD-3-Clause
//
// Each client of an ivshmem server is sent every port's eventfds, a descriptor a vector, and the
// server counts as a port. Stock QEMU aborts, or damages itself, when it runs out of them.
#include <fmt/format.h>

#include <sstream>

#include "checks.h"
#include "files.h"
#include "processes.h"

namespace famez::doctor {
namespace {

constexpr std::uint64_t own_of_qemu = 64;  // disks, network, event loops

// From /proc/PID/limits: "Max open files   SOFT   HARD   files".
std::optional<std::uint64_t> soft_limit_of(const Environment& environment, const Process& process) {
    constexpr std::string_view title = "Max open files";
    for (const std::string& line : read_lines(environment.proc / process.pid / "limits")) {
        if (!line.starts_with(title)) continue;
        std::istringstream words(line.substr(title.size()));
        std::string soft;
        words >> soft;
        return soft == "unlimited" ? unlimited : to_number(soft);
    }
    return std::nullopt;
}

std::string need_text(const FabricSize& size) {
    return fmt::format("{} ports x {} vectors{}: a QEMU needs about {}", size.ports, size.vectors,
                       size.known ? "" : " (the server's defaults)", descriptors_needed(size));
}

}  // namespace

std::uint64_t descriptors_needed(const FabricSize& size) {
    return (size.ports + 1) * size.vectors + own_of_qemu;
}

Finding check_descriptors(const Environment& environment, const FabricSize& size) {
    const std::uint64_t needed = descriptors_needed(size);
    const std::string found = fmt::format("limit {} (hard {}); {}", environment.descriptors_soft,
                                          environment.descriptors_hard, need_text(size));
    if (environment.descriptors_soft >= needed) return ok("descriptors", found);
    std::string cure;
    if (environment.descriptors_hard >= needed) {
        cure = fmt::format("ulimit -n {}    (in the shell that starts QEMU)", needed);
    } else {
        cure =
            fmt::format("raise the hard limit: nofile in /etc/security/limits.conf to {}", needed);
    }
    return {"descriptors",
            Verdict::problem,
            found,
            "stock QEMU aborts when it runs out of descriptors",
            cure + fmt::format("\nlibvirt: max_files = {} in /etc/libvirt/qemu.conf\n"
                               "or fewer: famez_server --ports N --vectors N",
                               needed),
            ""};
}

Finding check_running_qemus(const Environment& environment, const FabricSize& size) {
    std::vector<std::string> low;
    std::size_t count = 0;
    for (const Process& process : processes(environment)) {
        // The kernel cuts names to 15 characters: qemu-system-x86.
        if (!process.name.starts_with("qemu-system") && process.name != "kvm") continue;
        ++count;
        const auto limit = soft_limit_of(environment, process);
        if (limit && *limit < descriptors_needed(size)) {
            low.push_back(fmt::format("{} has {}", process.text(), *limit));
        }
    }
    if (count == 0) return not_applicable("running QEMUs", "none");
    if (low.empty()) return ok("running QEMUs", fmt::format("{}, each with enough", count));
    return {
        "running QEMUs",
        Verdict::warning,
        listed(low),
        fmt::format("if it is on this fabric it can abort when a port joins; {}", need_text(size)),
        fmt::format("prlimit --pid PID --nofile={}:    (as root)", descriptors_needed(size)),
        ""};
}

}  // namespace famez::doctor
