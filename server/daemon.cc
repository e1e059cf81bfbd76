// SPDX-License-Identifier: BSD-3-Clause
#include "daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <famez/error.h>

namespace famez {
namespace {

constexpr char ready_byte = 'r';

[[noreturn]] void fail(const char* what) {
    throw FabricError(fmt::format("--daemon: {}: {}", what, std::strerror(errno)));
}

pid_t checked_fork() {
    const pid_t pid = ::fork();
    if (pid < 0) fail("no further process can be made");
    return pid;
}

// In the process that was called. Its copies of the server's things are not to be torn down, hence
// _exit().
[[noreturn]] void wait_for_server(int pipe, pid_t child) {
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    char byte = 0;
    ssize_t bytes = 0;
    do {
        bytes = ::read(pipe, &byte, 1);
    } while (bytes < 0 && errno == EINTR);
    ::_exit(bytes == 1 && byte == ready_byte ? 0 : 1);
}

}  // namespace

Daemon Daemon::start() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("a pipe cannot be made");
    UniqueFd waiting_end(ends[0]);
    UniqueFd serving_end(ends[1]);
    if (const pid_t child = checked_fork(); child > 0) {
        serving_end.reset();
        wait_for_server(waiting_end.get(), child);
    }
    if (::setsid() < 0) fail("no session can be made");
    // Once more: who does not lead the session can never get a terminal.
    if (checked_fork() > 0) ::_exit(0);
    return Daemon(std::move(serving_end));
}

void Daemon::ready() {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) fail("/dev/null");
    if (::chdir("/") != 0) fail("/");
    if (::write(waiting_.get(), &ready_byte, 1) != 1) fail("whoever started it has gone");
    waiting_.reset();
    // Last, as errors before this are for the terminal.
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(null.get(), stream);
}

}  // namespace famez
