// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>

#include <famez/unique_fd.h>

#include "checks.h"
#include "files.h"

namespace famez::doctor {
namespace {

constexpr const char* qemu_program = "qemu-system-x86_64";

std::string find_program(const Environment& environment, const char* name) {
    std::istringstream directories(environment.search_path);
    for (std::string directory; std::getline(directories, directory, ':');) {
        const auto path = std::filesystem::path(directory) / name;
        if (!directory.empty() && ::access(path.c_str(), X_OK) == 0) return path.string();
    }
    return "";
}

std::string first_line_of_version(const std::string& program) {
    struct Close {
        void operator()(std::FILE* file) const { ::pclose(file); }
    };
    // The path is ours, out of PATH; the quotes are for blanks in it.
    const std::string command = fmt::format("'{}' --version 2>/dev/null", program);
    const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
    std::string line;
    if (pipe) {
        for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get()))
            line.push_back(static_cast<char>(c));
    }
    return line.substr(0, line.find('\n'));
}

std::optional<std::uint64_t> memory_available(const Environment& environment) {
    for (const std::string& line : read_lines(environment.proc / "meminfo")) {
        std::istringstream words(line);
        std::string key;
        std::uint64_t kib = 0;
        if (words >> key >> kib && key == "MemAvailable:") return kib << 10;
    }
    return std::nullopt;
}

}  // namespace

Finding judge_qemu(const std::string& version) {
    std::istringstream words(version);
    unsigned major = 0;
    unsigned minor = 0;
    char dot = 0;
    for (std::string word; words >> word;) {
        if (word == "version" && words >> major >> dot >> minor) break;
    }
    if (major == 0) {
        return {"qemu", Verdict::warning, version, "its version is not to be read", "", ""};
    }
    if (major < 2 || (major == 2 && minor < 6)) {
        return {"qemu",
                Verdict::problem,
                version,
                "ivshmem-doorbell came with QEMU 2.6",
                "apt-get install qemu-system-x86",
                ""};
    }
    return ok("qemu", version);
}

Finding check_qemu(const Environment& environment) {
    const std::string program = find_program(environment, qemu_program);
    if (program.empty()) {
        return not_applicable("qemu", fmt::format("no {} here; for virtual machines: apt-get "
                                                  "install qemu-system-x86",
                                                  qemu_program));
    }
    return judge_qemu(first_line_of_version(program));
}

Finding check_kvm(const Environment& environment) {
    const auto path = environment.dev / "kvm";
    if (::access(path.c_str(), F_OK) != 0) {
        return {"kvm",
                Verdict::warning,
                fmt::format("no {}", path.string()),
                "virtual machines are emulated in software: 10 to 100 times slower",
                "modprobe kvm_amd (or kvm_intel); if that fails, switch virtualisation on in the "
                "firmware, or nested virtualisation if this is a VM",
                ""};
    }
    if (::access(path.c_str(), R_OK | W_OK) != 0) {
        return {"kvm",
                Verdict::warning,
                fmt::format("{} is not yours to use", path.string()),
                "virtual machines that you start are emulated in software",
                "adduser $USER kvm    (then log in again)",
                ""};
    }
    // The file is often there where the processor's help is not: only making a machine tells.
    const UniqueFd kvm(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const UniqueFd machine(kvm ? ::ioctl(kvm.get(), KVM_CREATE_VM, 0) : -1);
    if (!machine) {
        return {"kvm",
                Verdict::warning,
                fmt::format("{} makes no machine: {}", path.string(), std::strerror(errno)),
                "virtual machines are emulated in software: 10 to 100 times slower",
                "dmesg | grep kvm    (says why)",
                ""};
    }
    return ok("kvm", fmt::format("{} works", path.string()));
}

Finding check_memory(const Environment& environment, std::uint64_t region_bytes) {
    const auto available = memory_available(environment);
    if (!available) return not_applicable("memory", "MemAvailable is not known");
    const std::string found = fmt::format("{} available", size_text(*available));
    if (region_bytes == 0) return ok("memory", found);
    if (region_bytes <= *available) {
        return ok("memory", fmt::format("{}, the region has {}", found, size_text(region_bytes)));
    }
    return {"memory",
            Verdict::warning,
            fmt::format("{}, but the region has {}", found, size_text(region_bytes)),
            "the region takes memory only where it is touched, but a port may touch all of it, and "
            "then the kernel kills processes",
            "a smaller famez_server --region-size, or more memory",
            ""};
}

}  // namespace famez::doctor
