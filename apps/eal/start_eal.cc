// SPDX-License-Identifier: BSD-3-Clause
#include "start_eal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include <rte_eal.h>
#include <rte_errno.h>

namespace famez {
namespace {

// EAL prints its usage, a hundred lines, on stdout when it dislikes an option: the line that
// matters, on stderr, would drown, and stdout is for results.
class SilentStdout {
  public:
    SilentStdout() : saved_(dup(STDOUT_FILENO)) {
        std::fflush(stdout);
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere < 0) return;
        dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
    ~SilentStdout() {
        std::fflush(stdout);
        if (saved_ < 0) return;
        dup2(saved_, STDOUT_FILENO);
        ::close(saved_);
    }
    SilentStdout(const SilentStdout&) = delete;
    SilentStdout& operator=(const SilentStdout&) = delete;

  private:
    int saved_;
};

}  // namespace

std::string start_eal(std::vector<char*>& words, unsigned megabytes) {
    {
        const SilentStdout silent;
        if (rte_eal_init(static_cast<int>(words.size()), words.data()) >= 0) return {};
    }
    return fmt::format(
        "EAL did not start ({}); its own lines above say why. Without hugepages give it "
        "--no-huge -m {} --no-shconf in place of --in-memory; if another DPDK program runs, "
        "another --file-prefix",
        rte_strerror(rte_errno), megabytes);
}

}  // namespace famez
