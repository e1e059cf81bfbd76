// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <famez/error.h>
#include <famez/memory.h>
#include <famez/region.h>

namespace famez {
namespace {

constexpr int region_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

[[noreturn]] void fail(const char* what) {
    throw FabricError(fmt::format("{}: {}", what, std::strerror(errno)));
}

void set_size(int fd, std::uint64_t bytes) {
    if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) {
        fail("the region's file cannot be given its size");
    }
}

void seal(int fd) {
    if (::fcntl(fd, F_ADD_SEALS, region_seals) != 0) fail("the region's file cannot be sealed");
}

std::string page_text(std::uint64_t bytes) {
    constexpr std::uint64_t mib = 1 << 20;
    return bytes % mib == 0 ? fmt::format("{} MiB", bytes / mib)
                            : fmt::format("{} KiB", bytes / 1024);
}

UniqueFd create_huge_memfd(std::uint64_t page_bytes) {
    // The size stands in the flags as its logarithm, memfd_create(2); none is the default size.
    const int log = page_bytes == 0 ? 0 : std::countr_zero(page_bytes);
    const auto flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB |
                       static_cast<unsigned>(log) << MFD_HUGE_SHIFT;
    UniqueFd fd(::memfd_create("famez", flags));
    if (fd) return fd;
    if (page_bytes == 0 || (errno != ENODEV && errno != EINVAL)) {
        fail("the region's memfd of hugepages cannot be made");
    }
    throw FabricError(
        fmt::format("this kernel has no hugepages of {}: /sys/kernel/mm/hugepages shows the sizes",
                    page_text(page_bytes)));
}

// The machine's; -1 when that cannot be known.
long free_hugepages(const std::string& directory) {
    long count = -1;
    std::ifstream(directory + "/free_hugepages") >> count;
    return count;
}

void write_header(std::span<std::byte> region, const Geometry& g, std::uint32_t vectors) {
    auto& header = at<layout::FabricHeader>(region, g.header_offset);
    store_relaxed(header.version_major, layout::version_major);
    store_relaxed(header.version_minor, layout::version_minor);
    store_relaxed(header.header_bytes, std::uint64_t{sizeof(layout::FabricHeader)});
    store_relaxed(header.region_bytes, g.region_bytes);
    store_relaxed(header.ports, g.ports);
    store_relaxed(header.lanes, g.lanes);
    store_relaxed(header.ring_bytes, g.ring_bytes);
    store_relaxed(header.slab_bytes, g.slab_bytes);
    store_relaxed(header.arena_bytes, g.arena_bytes);
    store_relaxed(header.table_offset, g.table_offset);
    store_relaxed(header.table_stride, g.table_stride);
    store_relaxed(header.lanes_offset, g.lanes_offset);
    store_relaxed(header.lane_stride, g.lane_stride);
    store_relaxed(header.slabs_offset, g.slabs_offset);
    store_relaxed(header.slab_stride, g.slab_stride);
    store_relaxed(header.arenas_offset, g.arenas_offset);
    store_relaxed(header.arena_stride, g.arena_stride);
    store_relaxed(header.vectors, std::uint64_t{vectors});
    store_relaxed(header.number, std::uint64_t{g.number});
    // The magic last: a reader that sees it sees the geometry too.
    store_release(header.magic, layout::magic);
}

}  // namespace

Mapping Mapping::map(int fd, bool accept_unsealed, std::uint64_t least_bytes) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) fail("the region's file cannot be examined");
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (!accept_unsealed && (seals < 0 || (seals & F_SEAL_SHRINK) == 0)) {
        throw FabricError(
            "the region's file is not sealed: whoever can truncate it can kill every port; use a "
            "server without --mailbox, or accept it with unsealed=1");
    }
    if (status.st_size < static_cast<off_t>(least_bytes)) {
        throw FabricError(
            fmt::format("the region's file has {} bytes: too small for a fabric", status.st_size));
    }
    const auto bytes = static_cast<std::size_t>(status.st_size);
    void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) fail("the region cannot be mapped");
    return Mapping({static_cast<std::byte*>(base), bytes});
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Mapping::~Mapping() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

UniqueFd create_region_file(const std::string& name, std::uint64_t bytes) {
    if (name.find('/') != std::string::npos) {
        throw FabricError(
            fmt::format("the region's file {}: a name under /dev/shm has no /", name));
    }
    const std::string path = "/dev/shm/" + name;
    // A file of that name is left to those who have it mapped: cutting it short would kill them.
    if (!name.empty() && ::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path.c_str());
    UniqueFd fd(name.empty() ? ::memfd_create("famez", MFD_CLOEXEC | MFD_ALLOW_SEALING)
                             : ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) fail(name.empty() ? "the region's memfd cannot be made" : path.c_str());
    set_size(fd.get(), bytes);
    if (name.empty()) seal(fd.get());
    return fd;
}

UniqueFd create_huge_region_file(std::uint64_t bytes, std::uint64_t page_bytes) {
    UniqueFd fd = create_huge_memfd(page_bytes);
    struct statfs file_system {};
    if (::fstatfs(fd.get(), &file_system) != 0) fail("the region's file cannot be examined");
    page_bytes = static_cast<std::uint64_t>(file_system.f_bsize);
    if (bytes % page_bytes != 0) {
        throw FabricError(fmt::format(
            "a region of {} cannot be made of hugepages of {}: give a larger --region-size",
            page_text(bytes), page_text(page_bytes)));
    }
    const auto directory =
        fmt::format("/sys/kernel/mm/hugepages/hugepages-{}kB", page_bytes / 1024);
    const long free_before = free_hugepages(directory);
    set_size(fd.get(), bytes);
    if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) != 0) {
        if (errno != ENOSPC && errno != ENOMEM) fail("the region's hugepages cannot be taken");
        throw FabricError(
            fmt::format("the region needs {} hugepages of {}, and this machine has {} free: raise "
                        "{}/nr_hugepages, or give a smaller --region-size",
                        bytes / page_bytes, page_text(page_bytes),
                        free_before < 0 ? "fewer" : std::to_string(free_before), directory));
    }
    seal(fd.get());
    return fd;
}

void format_region(std::span<std::byte> region, const Geometry& geometry, std::uint32_t vectors,
                   MailDialect dialect) {
    if (region.size() != geometry.region_bytes) {
        throw FabricError("the region's mapping and its geometry differ in size");
    }
    write_mail_words(region, geometry.ports, dialect);
    write_header(region, geometry, vectors);
}

void repair_header(std::span<std::byte> region, const Geometry& geometry, std::uint32_t vectors,
                   MailDialect dialect) {
    write_mail_words(region, geometry.ports, dialect);
    write_header(region, geometry, vectors);
}

}  // namespace famez
