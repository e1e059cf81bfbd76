// SPDX-License-Identifier: BSD-3-Clause
// The command line that all of these programs share, as near to famez_pingpong's as can be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace famez::rivals {

enum class Role { rx, tx, pong, ping };
// What the sender writes of each message, and the receiver reads.
enum class Bytes { first, all };

struct Options {
    Role role = Role::rx;
    std::string directory;  // of this pair's own: sockets, addresses, shared memory
    std::uint32_t size = 64;
    double seconds = 1;
    Bytes written = Bytes::first;
    Bytes touched = Bytes::first;
    std::uint32_t window = 0;  // messages under way at once; 0: what suits the size
    std::optional<std::uint32_t> cpu;

    // The receiver is started first, and is end 0.
    [[nodiscard]] unsigned end() const { return role == Role::rx || role == Role::pong ? 0 : 1; }
};

// The room that a message's first and last words need.
inline constexpr std::uint32_t smallest = 16;

const char* to_string(Role role);
const char* to_string(Bytes bytes);

// Ends the program after --help, and with status 2 after a mistake.
Options parse(const char* program, const char* what, int argc, char** argv);

}  // namespace famez::rivals
