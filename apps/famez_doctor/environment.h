// SPDX-License-Identifier: BSD-3-Clause
//
// Where the checks look and whose rights they judge. All of it is handed in, so that tests can show
// them a machine that does not exist.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

namespace famez::doctor {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

struct Environment {
    std::filesystem::path sysfs = "/sys";
    std::filesystem::path proc = "/proc";
    std::filesystem::path dev = "/dev";
    std::string socket = "/tmp/ivshmsg_socket";
    std::string device;       // a PCI address; empty: every famez device
    std::string search_path;  // of programs, as $PATH
    bool attach = false;      // take a port id for a moment
    bool root = false;
    std::uint64_t descriptors_soft = 1024;
    std::uint64_t descriptors_hard = 1024;
    std::uint64_t locked_bytes = unlimited;  // RLIMIT_MEMLOCK

    static Environment of_this_process();
};

enum class Place : std::uint8_t { guest, host };

// Where this is: a machine with a famez device is a guest, one with the server's socket a host;
// else PCI devices of QEMU's make it a guest.
Place place_of(const Environment& environment);

}  // namespace famez::doctor
