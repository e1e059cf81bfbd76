// SPDX-License-Identifier: BSD-3-Clause
// How two ends find each other: files in a directory that is theirs alone.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "options.h"

namespace famez::rivals {

// what() is one line for the user.
class RivalError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

[[noreturn]] void fail_with_errno(const std::string& what);

// Gives one's own address to the other end and waits for its.
std::vector<std::byte> exchange(const Options& options, const void* own, std::size_t size);

// Memory of both: a file of the directory, zero at the start. Mapped until the program ends.
std::byte* shared_memory(const Options& options, std::size_t size);

// How many buffers for messages under way: enough to keep both ends busy, few enough for a cache.
std::uint32_t window_of(const Options& options);

}  // namespace famez::rivals
