// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <rte_interrupts.h>

#include "start_eal.h"

namespace famez {
namespace {

// As net_memif's server does: a descriptor stays with EAL's interrupt thread, and what EAL knows of
// it lies in the memory that the end of EAL unmaps.
int leave_a_descriptor() {
    const int left = eventfd(0, EFD_CLOEXEC);
    rte_intr_handle* handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_SHARED);
    rte_intr_fd_set(handle, left);
    rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT);
    if (rte_intr_callback_register(
            handle, [](void*) {}, nullptr) != 0)
        std::_Exit(2);
    return left;
}

[[noreturn]] void start_and_end() {
    std::vector<std::string> words{"end_eal", "--no-pci",    "--no-huge", "-m",
                                   "32",      "--no-shconf", "--lcores",  "0"};
    std::vector<char*> pointers;
    pointers.reserve(words.size());
    for (std::string& word : words)
        pointers.push_back(word.data());
    if (!start_eal(pointers, 32).empty()) std::_Exit(3);
    const int left = leave_a_descriptor();
    end_eal();
    eventfd_write(left, 1);  // the interrupt thread would look where it came from
    usleep(100'000);
    std::_Exit(0);
}

TEST(EndEalDeathTest, OutlivesWhatADriverLeftWithTheInterruptThread) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(start_and_end(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace famez
