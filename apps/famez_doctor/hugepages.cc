// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>

#include "checks.h"
#include "files.h"

namespace famez::doctor {
namespace {

struct Pool {
    std::uint64_t bytes = 0;  // of a page
    std::uint64_t total = 0;
    std::uint64_t free = 0;
};

std::vector<Pool> pools_of(const Environment& environment) {
    constexpr std::string_view prefix = "hugepages-";
    std::vector<Pool> pools;
    const auto directory = environment.sysfs / "kernel/mm/hugepages";
    for (const std::string& name : names_in(directory)) {
        if (!name.starts_with(prefix) || !name.ends_with("kB")) continue;
        const auto kib = to_number(
            std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - 2));
        if (!kib) continue;
        pools.push_back({*kib << 10, read_number(directory / name / "nr_hugepages").value_or(0),
                         read_number(directory / name / "free_hugepages").value_or(0)});
    }
    return pools;
}

bool hugetlbfs_mounted(const Environment& environment) {
    const auto mounts = read_lines(environment.proc / "mounts");
    return std::any_of(mounts.begin(), mounts.end(), [](const std::string& line) {
        return line.find(" hugetlbfs ") != std::string::npos;
    });
}

}  // namespace

Finding check_hugepages(const Environment& environment, bool needed) {
    constexpr const char* reserve =
        "echo 128 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages    (as root; 2 MB each)";
    std::vector<std::string> texts;
    std::uint64_t total = 0;
    std::uint64_t free = 0;
    for (const Pool& pool : pools_of(environment)) {
        if (pool.total == 0) continue;
        texts.push_back(
            fmt::format("{} of {} of {} free", pool.free, pool.total, size_text(pool.bytes)));
        total += pool.total;
        free += pool.free;
    }
    if (free == 0) {
        std::string cure = reserve;
        if (!needed) cure += "\nor give DPDK programs --no-huge -m 64";
        return {"hugepages",
                needed ? Verdict::problem : Verdict::warning,
                total == 0 ? "none reserved" : listed(texts),
                needed ? "with uio_pci_generic DPDK does not start without hugepages"
                       : "without free ones a DPDK program starts with --no-huge only",
                cure,
                ""};
    }
    const std::string found = listed(texts);
    if (!hugetlbfs_mounted(environment)) {
        return {"hugepages",
                Verdict::warning,
                found + "; no hugetlbfs is mounted",
                "DPDK finds them only with --in-memory",
                "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages",
                ""};
    }
    return ok("hugepages", found);
}

}  // namespace famez::doctor
