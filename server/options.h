// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include <famez/geometry.h>
#include <famez/mailbox.h>

#include "rest_address.h"

namespace famez {

// QEMU refuses more for its device.
inline constexpr std::uint32_t vectors_max = 2048;
// Every QEMU holds a descriptor for each vector of each port, commonly under a limit of 1024.
inline constexpr std::uint32_t descriptors_for_default_vectors = 900;

struct ServerOptions {
    std::string socket_path = "/tmp/ivshmsg_socket";
    mode_t socket_mode = 0600;
    gid_t socket_group = static_cast<gid_t>(-1);  // -1: the process's
    std::string mailbox;                          // empty: a sealed memfd
    GeometryRequest geometry;
    std::optional<std::uint32_t> short_n;  // -n, as given: ports, or with `stock` vectors
    std::uint32_t vectors = 0;             // set by parse_options() when not given
    bool stock = false;  // as QEMU's own server; then recycle = false and silent = true
    std::optional<std::uint64_t> hugepages;  // of this size; 0: the system's default
    std::optional<int> numa_node;
    bool daemon = false;
    std::string logfile;  // absolute; empty: standard error
    bool recycle = true;
    bool silent = false;
    bool manager = true;  // configures ports that ask for it by mail
    MailDialect mail_dialect = MailDialect::with_class;
    std::optional<RestAddress> rest = RestAddress{};  // none: no REST
    bool rest_given = false;                          // else a port that is taken is no error
    int verbosity = 0;
};

// What main() is to do: go on with the options, or end with an exit code (help and version have
// been printed to standard output, an error to standard error).
struct Parsed {
    ServerOptions options;
    std::optional<int> exit_code;
};
Parsed parse_options(int argc, const char* const* argv);

// One a mail sender (whose vector is its id), the server's and vector 0 included, while QEMU can
// stomach that; else one a lane.
std::uint32_t default_vectors(std::uint32_t ports, std::uint32_t lanes);

// QEMU's own server has a smaller region, and one vector.
inline constexpr std::uint64_t stock_region_bytes = std::uint64_t{4} << 20;
inline constexpr std::uint32_t stock_vectors = 1;

// The descriptor limit (ulimit -n) that a QEMU on this fabric needs.
std::uint64_t client_descriptors(const ServerOptions& options);
// The one that the server needs.
std::uint64_t server_descriptors(const ServerOptions& options);

}  // namespace famez
