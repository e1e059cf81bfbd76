// SPDX-License-Identifier: BSD-3-Clause
//
// A guest's mapping of the shared region: BAR2 of the device, by the way that gives the best memory
// type (doc/vm.md has the table). No DPDK here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <famez/transport.h>
#include <famez/unique_fd.h>

namespace famez::pmd {

enum class CacheType : std::uint8_t { write_back, write_combining, uncached, unknown };
const char* name_of(CacheType type);

// The devarg bar2=auto|wb|wc|uc|PATH.
struct Bar2Wish {
    enum class Way : std::uint8_t { best, write_back, write_combining, uncached, path };
    Way way = Way::best;
    std::string path;  // of a file that maps the region from its offset 0
};
// Throws FabricError.
Bar2Wish parse_bar2(const std::string& value);

// Where BAR2 is, and through what it can be reached.
struct Bar2Place {
    std::string directory;      // the device's in sysfs
    std::uint64_t address = 0;  // physical, of the guest
    std::uint64_t bytes = 0;
    // What the kernel's driver for the device maps: with VFIO its descriptor, else resource2.
    int own_fd = -1;
    std::uint64_t own_offset = 0;
    std::string memory_file = "/dev/mem";
    std::string type_list = "/sys/kernel/debug/x86/pat_memtype_list";
};

// An entry of the kernel's list of memory types that covers `address`: unknown when there is none,
// as in a list that this process may not read.
CacheType listed_type(const std::string& list, std::uint64_t address);

// The region, mapped; unmapped on destruction.
class Bar2 {
  public:
    // Throws FabricError that says what to do.
    Bar2(const Bar2Place& place, const Bar2Wish& wish);
    Bar2(const Bar2&) = delete;
    Bar2& operator=(const Bar2&) = delete;
    ~Bar2();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
    [[nodiscard]] CacheType type() const { return type_; }
    // What is not known to be write-back is treated as weakly ordered.
    [[nodiscard]] MemoryType memory_type() const {
        return type_ == CacheType::write_back ? MemoryType::write_back : MemoryType::weak;
    }
    // For the log: where it is, how it is mapped and what a load costs.
    [[nodiscard]] std::string describe() const;
    // What to do for write-back memory; empty when this is.
    [[nodiscard]] std::string cure() const;

  private:
    struct Attempt {
        CacheType type;
        std::string file;  // empty: own_fd
        std::uint64_t offset;
    };
    [[nodiscard]] Attempt attempt(Bar2Wish::Way way, const std::string& path) const;
    bool try_map(const Attempt& attempt);
    void map_best();
    void map_as_wished(const Bar2Wish& wish);
    void settle_type();

    Bar2Place place_;
    std::span<std::byte> bytes_;
    CacheType type_ = CacheType::unknown;
    std::string file_;
    double load_ns_ = 0;
    int error_ = 0;  // errno of the last attempt that failed
};

}  // namespace famez::pmd
