// SPDX-License-Identifier: BSD-3-Clause
//
// What a user asked for, on the command line or at the prompt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace famez::client {

enum class Verb : std::uint8_t {
    console,  // none was given
    who,
    dump,
    send,
    ask,
    ping,
    listen,
    spoof,
    link,
    rfc,
    watch,
    flood,
    help,
    quit,
};

struct Command {
    Verb verb = Verb::console;
    std::string target;
    std::string source;             // spoof
    std::vector<std::string> text;  // words
    std::optional<std::uint64_t> count;
    std::optional<double> interval;  // seconds
    std::optional<double> seconds;   // how long in all
    std::size_t size = 0;            // of a message
    double patience = 1.0;           // seconds, for a message to be taken and for its answer
    bool verify = false;
    bool quiet = false;
    bool json = false;
    int verbose = 0;
};

// How to join, and as whom.
struct AttachOptions {
    std::string socket_path = "/tmp/ivshmsg_socket";
    std::string node_name;  // empty: z and the id, as the original's clients
    std::string node_class = "Debugger";
};

// What programs that call this one see.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

}  // namespace famez::client
