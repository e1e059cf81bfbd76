// SPDX-License-Identifier: BSD-3-Clause
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <famez/eventfd.h>

namespace famez {
namespace {

bool ready(int fd, short what) {
    pollfd state{fd, what, 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & what) != 0;
}

}  // namespace

void ring_eventfd(int fd) {
    // One whose count is at the top is rung already.
    if (!ready(fd, POLLOUT)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
}

std::uint64_t drain_eventfd(int fd) {
    std::uint64_t count = 0;
    iovec part{&count, sizeof count};
    // Eventfds know RWF_NOWAIT since Linux 5.8; an older kernel refuses it and reads nothing.
    if (::preadv2(fd, &part, 1, -1, RWF_NOWAIT) == sizeof count) return count;
    if (ready(fd, POLLIN) && ::read(fd, &count, sizeof count) == sizeof count) return count;
    return 0;
}

}  // namespace famez
