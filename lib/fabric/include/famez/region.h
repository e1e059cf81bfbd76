// SPDX-License-Identifier: BSD-3-Clause
//
// The mapping of a shared region, and the words in it that are not a lane's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <famez/geometry.h>
#include <famez/layout.h>
#include <famez/mailbox.h>
#include <famez/unique_fd.h>

namespace famez {

// An owned mapping of a region's file, unmapped on destruction.
class Mapping {
  public:
    // Maps the whole file, shared and writable. A region that can still shrink would turn a
    // truncation into SIGBUS for every port: without F_SEAL_SHRINK the file is refused unless
    // `accept_unsealed`; so is one of fewer than `least_bytes`. Throws FabricError.
    static Mapping map(int fd, bool accept_unsealed,
                       std::uint64_t least_bytes = layout::region_bytes_min);

    Mapping() = default;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}
    std::span<std::byte> bytes_;
};

// Makes the region's file: a sealed memfd when `name` is empty, else /dev/shm/`name` (a new
// file, mode 0600, not sealed: tmpfs files have no seals; an old one of that name is unlinked).
// Throws FabricError.
UniqueFd create_region_file(const std::string& name, std::uint64_t bytes);

// The same in hugepages of `page_bytes` (a power of two; 0: the system's default size), always a
// sealed memfd. All of them are taken now: a page that is missing later would be a SIGBUS for
// whoever touches it first. Throws FabricError, which says how many are needed and how many there
// are.
UniqueFd create_huge_region_file(std::uint64_t bytes, std::uint64_t page_bytes);

// Writes the empty mailbox and the fabric header of a new region (all else is zero already).
// `vectors` is recorded for readers. Throws FabricError when geometry and mapping disagree.
void format_region(std::span<std::byte> region, const Geometry& geometry, std::uint32_t vectors,
                   MailDialect dialect = MailDialect::with_class);

// Writes the geometry again from the private copy: any port can scribble over it, and newcomers
// need it. Counters, table and lanes stay as they are.
void repair_header(std::span<std::byte> region, const Geometry& geometry, std::uint32_t vectors,
                   MailDialect dialect);

}  // namespace famez
