// SPDX-License-Identifier: BSD-3-Clause
// The command line behind "--".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sizes.h"
#include "wire.h"

namespace famez::pingpong {

enum class Role { ping, pong, tx, rx };
enum class Touch { none, first, all };
enum class Format { table, json, csv };
enum class Api { ethdev, fabric };

const char* to_string(Role role);

constexpr bool sends(Role role) {
    return role == Role::ping || role == Role::tx;
}

struct Options {
    Role role = Role::ping;
    Api api = Api::ethdev;
    std::optional<std::uint16_t> port;           // --api ethdev: its number
    std::string socket = "/tmp/ivshmsg_socket";  // --api fabric: the server's
    std::optional<std::uint32_t> cpu;            // --api fabric: to run on; EAL has -l
    std::vector<SizeRange> sizes;
    bool sizes_given = false;
    std::uint32_t burst = 0;
    std::uint16_t queues = 1;  // tx: that it sends on; rx: that it polls
    std::optional<std::uint64_t> count;
    std::optional<double> duration_s;
    std::uint64_t warmup = 0;
    std::optional<std::uint64_t> rate;  // messages a second; none: a closed loop
    std::optional<double> idle_us;      // none: never sleep
    std::string histogram_file;         // none if empty
    std::optional<Peer> peer;           // none: whoever answers
    bool verify = false;
    Touch touch = Touch::first;
    Format format = Format::table;
    bool quiet = false;
    std::optional<double> interval_s;
    std::optional<std::uint32_t> mtu;
    std::uint32_t mbufs = 0;      // 0: as many as the port needs
    std::uint32_t mbuf_size = 0;  // 0: 2048, or the frame where the port cannot chain
    bool zero_copy = false;
    double wait_s = 10.0;
    bool exit_on_link_down = false;
    bool stay = false;

    [[nodiscard]] std::uint32_t largest_frame() const;
};

// Nothing to run: --help, --version, or a mistake. `text` is for stdout if the status is 0.
struct ParseEnd {
    int status;
    std::string text;
};

inline constexpr int exit_usage = 2;

// `arguments` are those behind "--".
std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments);

// A fabric id, a MAC address, "broadcast", or "any", which is none. Throws std::invalid_argument.
std::optional<Peer> parse_peer(const std::string& text);

}  // namespace famez::pingpong
