// SPDX-License-Identifier: BSD-3-Clause
#include "processes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

#include "files.h"

namespace famez::doctor {
namespace {

constexpr const char* flag_listening = "00010000";  // __SO_ACCEPTCON, as proc(5) prints it

// The inode of the socket that listens at the path, from proc's table: a line has num, references,
// protocol, flags, type, state, inode and path.
std::optional<std::string> listening_inode(const Environment& environment) {
    for (const std::string& line : read_lines(environment.proc / "net/unix")) {
        std::istringstream words(line);
        std::string num;
        std::string references;
        std::string protocol;
        std::string flags;
        std::string type;
        std::string state;
        std::string inode;
        std::string path;
        words >> num >> references >> protocol >> flags >> type >> state >> inode >> std::ws;
        std::getline(words, path);
        if (flags == flag_listening && path == environment.socket) return inode;
    }
    return std::nullopt;
}

}  // namespace

std::vector<Process> processes(const Environment& environment) {
    std::vector<Process> found;
    for (const std::string& name : names_in(environment.proc)) {
        if (!to_number(name)) continue;
        const auto comm = read_line(environment.proc / name / "comm");
        if (comm) found.push_back({name, *comm});
    }
    return found;
}

std::optional<std::filesystem::path> find_descriptor(
    const Environment& environment, const Process& process,
    const std::function<bool(const std::string& target)>& wanted) {
    const auto directory = environment.proc / process.pid / "fd";
    for (const std::string& name : names_in(directory)) {
        std::error_code error;
        const auto target = std::filesystem::read_symlink(directory / name, error);
        if (!error && wanted(target.string())) return directory / name;
    }
    return std::nullopt;
}

std::optional<Process> holder_of(const Environment& environment, const std::string& target) {
    const std::string self = std::to_string(::getpid());
    for (const Process& process : processes(environment)) {
        if (process.pid == self) continue;
        const auto same = [&](const std::string& file) { return file == target; };
        if (find_descriptor(environment, process, same)) return process;
    }
    return std::nullopt;
}

std::optional<Process> listener_of(const Environment& environment) {
    const auto inode = listening_inode(environment);
    if (!inode) return std::nullopt;
    return holder_of(environment, fmt::format("socket:[{}]", *inode));
}

}  // namespace famez::doctor
