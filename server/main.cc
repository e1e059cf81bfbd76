// SPDX-License-Identifier: BSD-3-Clause
//
// famez_server: see options.cc for what it does, server.h for how.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <famez/error.h>
#include <famez/geometry.h>
#include <famez/region.h>
#include <famez/server_table.h>

#include "activation.h"
#include "attendants.h"
#include "daemon.h"
#include "listen_socket.h"
#include "log.h"
#include "numa_node.h"
#include "options.h"
#include "region_file.h"
#include "server.h"

namespace famez {
namespace {

// Before anything is made that would have to be removed: from here on a signal waits for the event
// loop, which ends by it.
void hold_signals(bool with_logfile) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction action {};
    ::sigaction(SIGHUP, nullptr, &action);
    // nohup's wish stands; a log file is reopened all the same.
    if (with_logfile || action.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
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
    if (options.stock) return;  // its eventfds are made when they are wanted
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

// The region's file with everything that makes it one of ours. Nothing of it outlives a failure.
class Region {
  public:
    explicit Region(const ServerOptions& options)
        : geometry_(options.stock ? Geometry{} : Geometry::plan(options.geometry)),
          file_(options.mailbox, options.geometry.region_bytes, options.hugepages) {
        if (options.stock && !options.numa_node) return;  // QEMU's own never looks into its region
        mapping_ = Mapping::map(file_.fd(), !options.mailbox.empty());
        if (options.numa_node) bind_region_to_node(mapping_.bytes(), *options.numa_node);
        if (options.stock) return;
        format_region(mapping_.bytes(), geometry_, options.vectors, options.mail_dialect);
        table_.emplace(mapping_.bytes(), geometry_, options.vectors, options.mail_dialect);
    }

    [[nodiscard]] UniqueFd file() const { return file_.copy(); }
    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] std::span<std::byte> bytes() const { return mapping_.bytes(); }
    // Once.
    std::optional<ServerTable> take_table() { return std::exchange(table_, std::nullopt); }

  private:
    Geometry geometry_;
    RegionFile file_;
    Mapping mapping_;
    std::optional<ServerTable> table_;
};

// Its beginning is what programs wait for.
void report_start(const ServerOptions& options, const std::string& socket,
                  const std::optional<RestAddress>& rest, Log& log) {
    const auto count = [](std::uint32_t n, const char* what) {
        return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    std::string region = size_text(options.geometry.region_bytes);
    if (options.hugepages) region += " in hugepages";
    if (options.numa_node) region += fmt::format(" on NUMA node {}", *options.numa_node);
    if (options.geometry.number != 0) {
        region += fmt::format(", fabric {}", options.geometry.number);
    }
    const std::string http = rest ? fmt::format(", REST {}", to_string(*rest)) : "";
    if (options.stock) {
        log.always("region {}, as QEMU's ivshmem-server, {} a client{}, socket {}", region,
                   count(options.vectors, "vector"), http, socket);
        return;
    }
    log.always("region {}, {}, {} a pair, {} a port{}, socket {}", region,
               count(options.geometry.ports, "port"), count(options.geometry.lanes, "lane"),
               count(options.vectors, "vector"), http, socket);
}

int serve(const ServerOptions& options) {
    // The service manager speaks to this process, not to one that it forks.
    UniqueFd listener = inherited_listener();
    std::optional<Daemon> daemon;
    if (options.daemon) daemon = Daemon::start();
    Log log(options.verbosity, options.logfile);
    hold_signals(log.has_file());
    check_descriptors(options, log);
    if (options.numa_node) bind_process_to_node(*options.numa_node);
    Region region(options);
    std::optional<ListenSocket> socket;
    if (!listener) {
        socket.emplace(options.socket_path, options.socket_mode, options.socket_group);
        listener = socket->listener();
    }
    const std::string path = path_of(listener.get());
    Server server({.ports = options.stock ? 0 : options.geometry.ports,
                   .vectors = options.vectors,
                   .recycle = options.recycle,
                   .silent = options.silent,
                   .stock = options.stock},
                  std::move(listener), region.file(), region.take_table(), log);
    Attendants attendants(server, options, region.bytes(), region.geometry(), log);
    report_start(options, path, attendants.rest_address(), log);
    if (daemon) {
        daemon->ready();
    } else {
        attendants.open_console(server, log);
    }
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
