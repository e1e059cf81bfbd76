// SPDX-License-Identifier: BSD-3-Clause
//
// A look at a region without joining it: read-only, and only at its first two megabytes, where the
// fabric header must be.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <famez/geometry.h>

namespace famez::doctor {

struct RegionFacts {
    Geometry geometry;
    std::uint32_t version_major = 0;
    std::uint32_t version_minor = 0;
    std::uint64_t vectors = 0;
    bool server_runs = false;  // its heartbeat moved while we looked
};

struct NoFabric {  // the memory was read and is not a region of ours
    std::string why;
};

struct NotRead {  // nothing can be said
    std::string why;
};

using Peek = std::variant<RegionFacts, NoFabric, NotRead>;

// Looks at `bytes` of the file from `offset`, for up to a second and a half. Done in a child
// process: a driver that takes the device away under the mapping means SIGBUS, for the child alone.
Peek peek_region(int fd, std::uint64_t offset, std::uint64_t bytes);

// "version 1.0, 14 ports, 1 lane a pair, rings of 128 KiB, 16 vectors, 1 GiB"
std::string describe(const RegionFacts& facts);

}  // namespace famez::doctor
