// SPDX-License-Identifier: BSD-3-Clause
//
// Doorbells as descriptors. Every port holds the same open file of each eventfd, so a hostile one
// can clear its O_NONBLOCK or bring its count to the top: neither of these functions blocks then.
#pragma once

#include <cstdint>

namespace famez {

// Adds one. Any thread. (Between two system calls of it a hostile port can win a race, and this
// then blocks until somebody drains: doc/threat-model.md.)
void ring_eventfd(int fd);

// Takes the count and returns it, 0 if it was not rung. Any thread.
std::uint64_t drain_eventfd(int fd);

}  // namespace famez
