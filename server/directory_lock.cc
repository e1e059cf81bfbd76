// SPDX-License-Identifier: BSD-3-Clause
#include "directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <famez/error.h>

namespace famez {

DirectoryLock::DirectoryLock(const std::string& directory)
    : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!directory_) {
        throw FabricError(
            fmt::format("directory {} cannot be opened: {}", directory, std::strerror(errno)));
    }
    // Who may read the directory may lock it and never let go: then say so, don't hang.
    constexpr int attempts = 250;
    for (int i = 0; i < attempts; ++i) {
        if (::flock(directory_.get(), LOCK_EX | LOCK_NB) == 0) return;
        if (errno != EWOULDBLOCK && errno != EINTR) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw FabricError(
        fmt::format("directory {} cannot be locked: {}", directory,
                    errno == EWOULDBLOCK ? "somebody holds a lock on it" : std::strerror(errno)));
}

}  // namespace famez
