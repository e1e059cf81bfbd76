// SPDX-License-Identifier: BSD-3-Clause
//
// Who holds what: from /proc, so only as far as one's rights reach. Nobody is disturbed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "environment.h"

namespace famez::doctor {

struct Process {
    std::string pid;
    std::string name;

    [[nodiscard]] std::string text() const { return name + " (pid " + pid + ")"; }
};

std::vector<Process> processes(const Environment& environment);

// The descriptor of the process whose link satisfies `wanted`, as a path below /proc; nullopt if
// there is none or its descriptors may not be seen.
std::optional<std::filesystem::path> find_descriptor(
    const Environment& environment, const Process& process,
    const std::function<bool(const std::string& target)>& wanted);

// The first process, but for this one, that holds a descriptor of that file.
std::optional<Process> holder_of(const Environment& environment, const std::string& target);

// The process that listens on environment.socket.
std::optional<Process> listener_of(const Environment& environment);

}  // namespace famez::doctor
