// SPDX-License-Identifier: BSD-3-Clause
//
// famez_server: see options.cc for what it does, server.h for how.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include <famez/error.h>
#include <famez/geometry.h>
#include <famez/region.h>
#include <famez/server_table.h>

#include "listen_socket.h"
#include "log.h"
#include "options.h"
#include "region_file.h"
#include "server.h"

namespace famez {
namespace {

// Before anything is made that would have to be removed: from here on a signal waits for the event
// loop, which ends by it.
void hold_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction action {};
    ::sigaction(SIGHUP, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);  // nohup's wish stands
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

// Returns the limit.
std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

void check_descriptors(const ServerOptions& options, Log& log) {
    const std::uint64_t limit = raise_descriptor_limit();
    if (server_descriptors(options) > limit) {
        throw FabricError(fmt::format(
            "{} ports with {} vectors need {} descriptors and the limit is {}: raise it (ulimit "
            "-Hn) or choose fewer",
            options.geometry.ports, options.vectors, server_descriptors(options), limit));
    }
    if (std::uint64_t{options.geometry.ports} * options.vectors > descriptors_for_default_vectors) {
        log.always(
            "warning: every QEMU on this fabric needs a descriptor limit of at least {} (ulimit "
            "-n); stock QEMU aborts when it runs out",
            client_descriptors(options));
    }
}

std::string size_text(std::uint64_t bytes) {
    for (const auto& [shift, unit] : {std::pair{30, "GiB"}, {20, "MiB"}, {10, "KiB"}}) {
        if (bytes % (std::uint64_t{1} << shift) == 0) {
            return fmt::format("{} {}", bytes >> shift, unit);
        }
    }
    return fmt::format("{} bytes", bytes);
}

int serve(const ServerOptions& options) {
    Log log(options.verbosity);
    hold_signals();
    check_descriptors(options, log);
    const Geometry geometry = Geometry::plan(options.geometry);
    const RegionFile file(options.mailbox, geometry.region_bytes);
    const Mapping mapping = Mapping::map(file.fd(), !options.mailbox.empty());
    format_region(mapping.bytes(), geometry, options.vectors);
    const ListenSocket socket(options.socket_path, options.socket_mode, options.socket_group);
    Server server({geometry.ports, options.vectors, options.recycle, options.silent},
                  socket.listener(), file.copy(),
                  ServerTable(mapping.bytes(), geometry, options.vectors), log);
    const auto count = [](std::uint32_t n, const char* what) {
        return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    log.always("region {}, {}, {} a pair, {} a port, socket {}", size_text(geometry.region_bytes),
               count(geometry.ports, "port"), count(geometry.lanes, "lane"),
               count(options.vectors, "vector"), options.socket_path);
    return server.run();
}

}  // namespace
}  // namespace famez

int main(int argc, char** argv) {
    try {
        const famez::Parsed parsed = famez::parse_options(argc, argv);
        return parsed.exit_code ? *parsed.exit_code : famez::serve(parsed.options);
    } catch (const std::exception& error) {
        std::fputs(fmt::format("famez_server: {}\n", error.what()).c_str(), stderr);
        return 1;
    }
}
