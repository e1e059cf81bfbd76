// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <famez/error.h>
#include <famez/ivshmem_client.h>
#include <famez/unique_fd.h>

#include "checks.h"
#include "files.h"
#include "processes.h"

namespace famez::doctor {
namespace {

constexpr auto greeting_patience = std::chrono::milliseconds(3000);

std::string start_cure(const Environment& environment) {
    return fmt::format("famez_server -S {}", environment.socket);
}

Finding problem(const std::string& found, const std::string& wrong, const std::string& cure) {
    return {"socket", Verdict::problem, found, wrong, cure, ""};
}

// Asks the kernel about the socket without joining the fabric: to connect a datagram socket to a
// stream socket always fails, and the error tells whether somebody is there (unix(7)). Returns it.
int probe(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return errno;
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        return 0;
    }
    return errno;
}

Finding judge_probe(const Environment& environment, int error) {
    const std::string& path = environment.socket;
    switch (error) {
        case EPROTOTYPE: {
            const auto process = listener_of(environment);
            Finding finding = ok("socket", path);
            if (process) finding.found += ", served by " + process->text();
            return finding;
        }
        case ECONNREFUSED:
            return problem(fmt::format("{} is stale: nobody listens", path),
                           "its server has died; QEMU ends with an error at such a socket",
                           start_cure(environment) + "    (it replaces a stale socket)");
        case EACCES:
            return problem(fmt::format("{} is not yours to connect to", path),
                           "whoever joins the fabric needs write permission on its socket",
                           "start the server with --socket-group GROUP --socket-mode 0660, and be "
                           "a member of GROUP");
        case 0:
            return problem(fmt::format("{} is a datagram socket", path),
                           "an ivshmem server has a stream socket",
                           "give the server another path, and --socket that path here");
        default:
            return problem(fmt::format("{}: {}", path, std::strerror(error)),
                           "the socket cannot be used", start_cure(environment));
    }
}

std::string owner_text(const struct stat& status) {
    const passwd* user = ::getpwuid(status.st_uid);
    const group* members = ::getgrgid(status.st_gid);
    return fmt::format("mode {:04o}, owner {}, group {}", status.st_mode & 07777U,
                       user != nullptr ? user->pw_name : std::to_string(status.st_uid),
                       members != nullptr ? members->gr_name : std::to_string(status.st_gid));
}

// The region's file, among the server's own descriptors: famez_server's memfd, or its --mailbox.
Peek peek_descriptor(const Environment& environment) {
    const auto process = listener_of(environment);
    if (!process) return NotRead{"the server's process is not visible from here; --attach looks"};
    const auto file = find_descriptor(environment, *process, [](const std::string& target) {
        return target.starts_with("/memfd:famez") || target.starts_with("/dev/shm/");
    });
    if (!file) return NotRead{process->text() + " has no region to be seen; --attach looks"};
    const UniqueFd region(::open(file->c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!region || ::fstat(region.get(), &status) != 0) {
        return NotRead{fmt::format("{}: {}; --attach looks", file->string(), std::strerror(errno))};
    }
    return peek_region(region.get(), 0, static_cast<std::uint64_t>(status.st_size));
}

Peek peek_attached(const Environment& environment, std::optional<std::uint32_t>& id) {
    try {
        const auto client = IvshmemClient::connect(environment.socket, greeting_patience);
        id = client.id();
        struct stat status {};
        if (::fstat(client.region_fd(), &status) != 0) return NotRead{std::strerror(errno)};
        return peek_region(client.region_fd(), 0, static_cast<std::uint64_t>(status.st_size));
    } catch (const FabricError& error) {
        return NoFabric{error.what()};
    }
}

}  // namespace

Finding check_socket(const Environment& environment) {
    const std::string& path = environment.socket;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return problem(fmt::format("{} does not exist", path), "no server runs there",
                           start_cure(environment) + "    (another path: famez_doctor --socket)");
        }
        return judge_probe(environment, errno);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return problem(fmt::format("{} is not a socket", path),
                       "the server refuses to replace a file that is none",
                       fmt::format("rm {0}, if it is nobody's, and: famez_server -S {0}", path));
    }
    return judge_probe(environment, probe(path));
}

Finding check_socket_rights(const Environment& environment) {
    struct stat status {};
    if (::stat(environment.socket.c_str(), &status) != 0) {
        return not_applicable("socket rights", std::strerror(errno));
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return {"socket rights",
                Verdict::warning,
                owner_text(status),
                "every user of this machine may join, and so destroy every message on the fabric",
                "start the server with --socket-mode 0660 --socket-group GROUP",
                ""};
    }
    return ok("socket rights", owner_text(status));
}

Peek peek_server(const Environment& environment, std::optional<std::uint32_t>& id) {
    return environment.attach ? peek_attached(environment, id) : peek_descriptor(environment);
}

Finding check_server_region(const Peek& peek, std::optional<std::uint32_t> id) {
    const std::string joined = id ? fmt::format("joined as id {} and left; ", *id) : "";
    if (const auto* facts = std::get_if<RegionFacts>(&peek)) {
        Finding finding = ok("region", joined + describe(*facts));
        if (!facts->server_runs) {
            finding.verdict = Verdict::problem;
            finding.wrong = "the server's heartbeat stands still: it is stopped or hangs";
            finding.cure = "look at its log; continue it (kill -CONT PID), or start it again";
        } else if (facts->geometry.region_bytes < std::uint64_t{1} << 30) {
            finding.verdict = Verdict::warning;
            finding.wrong =
                "firmware places a BAR2 below 1 GiB below 4 GB, where guests cannot map "
                "it write-back: slow";
            finding.cure = "famez_server with a --region-size of 1G (the default) or more";
        }
        return finding;
    }
    if (const auto* stranger = std::get_if<NoFabric>(&peek)) {
        return {"region",
                Verdict::problem,
                joined + stranger->why,
                "nothing of famez can join here",
                "if the server is not famez_server: famez_server -S PATH; if the fabric is full, "
                "more --ports",
                ""};
    }
    return not_applicable("region", joined + "not looked at: " + std::get<NotRead>(peek).why);
}

}  // namespace famez::doctor
