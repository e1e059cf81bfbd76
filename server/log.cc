// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <famez/error.h>

namespace famez {
namespace {

// O_NONBLOCK: it may be a FIFO without a reader.
UniqueFd open_file(const std::string& path) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    return UniqueFd(::open(path.c_str(), flags, 0640));
}

}  // namespace

Log::Log(int verbosity, std::string path) : verbosity_(verbosity), path_(std::move(path)) {
    if (path_.empty()) return;
    file_ = open_file(path_);
    if (!file_) throw FabricError(fmt::format("logfile {}: {}", path_, std::strerror(errno)));
}

void Log::reopen() {
    UniqueFd file = open_file(path_);
    if (!file)
        return always("logfile {}: {}; going on with the old one", path_, std::strerror(errno));
    file_ = std::move(file);
}

void Log::tick() {
    if (allowance_ < burst_lines) ++allowance_;
    if (suppressed_ == 0 || allowance_ < burst_lines / 2) return;
    const std::uint64_t quiet = std::exchange(suppressed_, 0);
    write(fmt::format("{} more lines like these were not printed", quiet));
}

bool Log::admit() {
    if (allowance_ == 0) {
        ++suppressed_;
        return false;
    }
    --allowance_;
    return true;
}

void Log::write(const std::string& line) {
    const std::string time =
        has_file() ? fmt::format("{:%F %T} ", fmt::localtime(std::time(nullptr))) : "";
    const std::string text = time + "famez_server: " + line + "\n";
    const int out_fd = has_file() ? file_.get() : STDERR_FILENO;
    // A reader of our lines that stopped reading must not stop the fabric. A pipe that
    // polls as writable takes a line of this length without blocking.
    pollfd out{out_fd, POLLOUT, 0};
    if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) {
        ++suppressed_;
        return;
    }
    if (screen_ != nullptr) screen_->hide();
    [[maybe_unused]] const auto written = ::write(out_fd, text.data(), text.size());
    if (screen_ != nullptr) screen_->show();
}

}  // namespace famez
