// SPDX-License-Identifier: BSD-3-Clause
#include "environment.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "pci_device.h"

namespace famez::doctor {
namespace {

std::uint64_t value_of(rlim_t limit) {
    return limit == RLIM_INFINITY ? unlimited : std::uint64_t{limit};
}

}  // namespace

Environment Environment::of_this_process() {
    Environment environment;
    environment.root = ::geteuid() == 0;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        environment.descriptors_soft = value_of(limit.rlim_cur);
        environment.descriptors_hard = value_of(limit.rlim_max);
    }
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
        environment.locked_bytes = value_of(limit.rlim_cur);
    }
    const char* path = std::getenv("PATH");
    environment.search_path = path != nullptr ? path : "/usr/bin:/bin";
    return environment;
}

Place place_of(const Environment& environment) {
    if (!find_famez_devices(environment).empty()) return Place::guest;
    std::error_code error;
    if (std::filesystem::exists(environment.socket, error)) return Place::host;
    return has_qemu_devices(environment) ? Place::guest : Place::host;
}

}  // namespace famez::doctor
