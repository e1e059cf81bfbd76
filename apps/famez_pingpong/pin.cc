// SPDX-License-Identifier: BSD-3-Clause
#include "pin.h"

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "port.h"

namespace famez::pingpong {

void pin_to(std::uint32_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (cpu < CPU_SETSIZE && sched_setaffinity(0, sizeof set, &set) == 0) return;
    throw PortError(fmt::format("--cpu {}: {}; give one that this process may use (taskset -cp $$)",
                                cpu, std::strerror(errno)));
}

}  // namespace famez::pingpong
