// SPDX-License-Identifier: BSD-3-Clause
#include "start_eal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <semaphore>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_interrupts.h>

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

// EAL's interrupt thread reads its list of descriptors again whenever one is taken from it, and the
// end of EAL takes some, then unmaps EAL's memory while that thread goes on. What a driver forgot
// in the list, in that memory, is the end of the program: net_memif's server forgets its listening
// socket (DPDK 22.11, memif_socket_remove_device). So the thread is kept from looking again.
class InterruptThread {
  public:
    // Returns when the thread will never do anything again, or after a second without an answer.
    void stop() {
        static constexpr std::chrono::seconds patience{1};
        rte_intr_handle* handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
        const int ready = eventfd(1, EFD_CLOEXEC);
        const bool asked = handle != nullptr && ready >= 0 && rte_intr_fd_set(handle, ready) == 0 &&
                           rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) == 0 &&
                           rte_intr_callback_register(handle, stay, this) == 0;
        if (asked) stopped_.try_acquire_for(patience);
        rte_intr_instance_free(handle);  // EAL has one of its own
    }

  private:
    [[noreturn]] static void stay(void* self) {
        static_cast<InterruptThread*>(self)->stopped_.release();
        for (;;)
            pause();
    }

    std::binary_semaphore stopped_{0};
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

void end_eal() {
    static InterruptThread thread;  // which outlives this function
    thread.stop();
    rte_eal_cleanup();
}

}  // namespace famez
