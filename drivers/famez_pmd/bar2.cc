// SPDX-License-Identifier: BSD-3-Clause
#include "bar2.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include <famez/error.h>
#include <famez/memory.h>

namespace famez::pmd {
namespace {

constexpr std::uint64_t four_gb = std::uint64_t{1} << 32;

// Firmware's memory type registers make everything below 4 GB that is no RAM uncached, and the
// stricter of the two types wins (facts are in doc/vm.md).
constexpr const char* larger_region =
    "give famez_server a region of 1 GiB or more (the default): firmware then places BAR2 above 4 "
    "GB, where it can be mapped write-back";

// Nanoseconds for a load whose address depends on the one before. The header line at `at` is read
// and nothing else.
double measure_load(std::uint64_t& at) {
    constexpr int warm_up = 16;
    constexpr int loads = 256;
    std::uint64_t zero = 0;
    asm volatile("" : "+r"(zero));  // the compiler must not know
    const auto* address = reinterpret_cast<const std::byte*>(&at);
    const auto chase = [&](int count) {
        for (int i = 0; i < count; ++i) {
            auto& word = *reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(address));
            address += load_relaxed(word) & zero;
        }
    };
    chase(warm_up);
    const auto start = std::chrono::steady_clock::now();
    chase(loads);
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    return time.count() / loads;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

const char* name_of(CacheType type) {
    switch (type) {
        case CacheType::write_back:
            return "write-back";
        case CacheType::write_combining:
            return "write-combining";
        case CacheType::uncached:
            return "uncached";
        case CacheType::unknown:
            break;
    }
    return "of unknown type";
}

Bar2Wish parse_bar2(const std::string& value) {
    using Way = Bar2Wish::Way;
    if (value == "auto") return {Way::best, {}};
    if (value == "wb") return {Way::write_back, {}};
    if (value == "wc") return {Way::write_combining, {}};
    if (value == "uc") return {Way::uncached, {}};
    if (value.starts_with('/')) return {Way::path, value};
    throw FabricError(
        fmt::format("devarg bar2={}: it can be auto, wb, wc, uc or the path of a file", value));
}

// Lines read "PAT: [mem 0x00000000fe000000-0x00000000fe001000] uncached-minus".
CacheType listed_type(const std::string& list, std::uint64_t address) {
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t open = line.find("[mem 0x");
        const std::size_t dash = line.find('-', open);
        const std::size_t close = line.find(']', open);
        if (open == std::string::npos || dash == std::string::npos || close == std::string::npos) {
            continue;
        }
        const std::uint64_t start = std::strtoull(line.c_str() + open + 5, nullptr, 16);
        const std::uint64_t end = std::strtoull(line.c_str() + dash + 1, nullptr, 16);
        if (address < start || address >= end) continue;
        if (line.find("write-back", close) != std::string::npos) return CacheType::write_back;
        if (line.find("write-combining", close) != std::string::npos) {
            return CacheType::write_combining;
        }
        if (line.find("uncached", close) != std::string::npos) return CacheType::uncached;
    }
    return CacheType::unknown;
}

Bar2::Bar2(const Bar2Place& place, const Bar2Wish& wish) : place_(place) {
    if (place_.address == 0 || place_.bytes == 0) {
        throw FabricError(
            "BAR2 has no address: firmware found no room for a region of this size. Give "
            "famez_server a smaller --region-size, or the VM a CPU with more address bits (-cpu "
            "host or max)");
    }
    if (wish.way == Bar2Wish::Way::best) {
        map_best();
    } else {
        map_as_wished(wish);
    }
    settle_type();
    load_ns_ = measure_load(*reinterpret_cast<std::uint64_t*>(bytes_.data()));
}

Bar2::~Bar2() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Bar2::Attempt Bar2::attempt(Bar2Wish::Way way, const std::string& path) const {
    switch (way) {
        case Bar2Wish::Way::write_back:
            return {place_.address < four_gb ? CacheType::uncached : CacheType::write_back,
                    place_.memory_file, place_.address};
        case Bar2Wish::Way::write_combining:
            return {CacheType::write_combining, place_.directory + "/resource2_wc", 0};
        case Bar2Wish::Way::path:
            return {CacheType::unknown, path, 0};
        default:
            break;
    }
    if (place_.own_fd >= 0) return {CacheType::uncached, {}, place_.own_offset};
    return {CacheType::uncached, place_.directory + "/resource2", 0};
}

bool Bar2::try_map(const Attempt& attempt) {
    UniqueFd opened;
    int fd = place_.own_fd;
    if (!attempt.file.empty()) {
        opened = UniqueFd(::open(attempt.file.c_str(), O_RDWR | O_CLOEXEC));
        fd = opened.get();
    }
    void* base = MAP_FAILED;
    if (fd >= 0) {
        base = ::mmap(nullptr, place_.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      static_cast<off_t>(attempt.offset));
    }
    if (base == MAP_FAILED) {
        error_ = errno;
        return false;
    }
    bytes_ = {static_cast<std::byte*>(base), place_.bytes};
    type_ = attempt.type;
    file_ = attempt.file.empty() ? "VFIO" : attempt.file;
    return true;
}

void Bar2::map_best() {
    using Way = Bar2Wish::Way;
    // Below 4 GB the first way would give uncached memory, and the second is better.
    if (place_.address >= four_gb && try_map(attempt(Way::write_back, {}))) return;
    for (const Way way : {Way::write_combining, Way::uncached}) {
        if (try_map(attempt(way, {}))) return;
    }
    throw FabricError(fmt::format(
        "BAR2 cannot be mapped in any way (the last: {}): is another program using the device?",
        std::strerror(error_)));
}

void Bar2::map_as_wished(const Bar2Wish& wish) {
    if (wish.way == Bar2Wish::Way::write_back && place_.address < four_gb) {
        throw FabricError(
            fmt::format("devarg bar2=wb: BAR2 is at {:#x}, below 4 GB, where it is never "
                        "write-back: {}",
                        place_.address, larger_region));
    }
    const Attempt only = attempt(wish.way, wish.path);
    if (try_map(only)) return;
    throw FabricError(
        fmt::format("BAR2 cannot be mapped through {}: {}; bar2=auto takes the best way "
                    "that works",
                    only.file.empty() ? "VFIO" : only.file, std::strerror(error_)));
}

// The kernel knows better, where it tells.
void Bar2::settle_type() {
    const CacheType listed = listed_type(read_file(place_.type_list), place_.address);
    if (listed != CacheType::unknown) type_ = listed;
}

std::string Bar2::describe() const {
    return fmt::format("region of {} MiB at {:#x}, {} (by {}), {:.1f} ns a load",
                       place_.bytes >> 20, place_.address, name_of(type_), file_, load_ns_);
}

std::string Bar2::cure() const {
    if (type_ == CacheType::write_back) return {};
    if (place_.address < four_gb) return larger_region;
    return fmt::format(
        "let the program read and write {} (root, and a kernel that is not locked "
        "down), or name with bar2=PATH a device that maps it write-back",
        place_.memory_file);
}

}  // namespace famez::pmd
