// SPDX-License-Identifier: BSD-3-Clause
//
// The region's file and who may have it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <famez/unique_fd.h>

namespace famez {

// The file of one server's region. A named one is removed on destruction: its server always made
// it.
class RegionFile {
  public:
    // `name` empty: a sealed memfd. Else /dev/shm/`name`, always a new file: one left behind by a
    // dead server is replaced, not emptied, as ports may live on in it (emptying it would kill them
    // with SIGBUS, and their ids would be given out twice). A living server's is refused, and so is
    // a file that is no fabric's. Throws FabricError.
    // `hugepages`: the memfd is made of those, of this size or (0) the default one.
    RegionFile(const std::string& name, std::uint64_t bytes,
               std::optional<std::uint64_t> hugepages);
    RegionFile(const RegionFile&) = delete;
    RegionFile& operator=(const RegionFile&) = delete;
    ~RegionFile();

    [[nodiscard]] int fd() const { return file_.get(); }
    // A further descriptor, to be handed on.
    [[nodiscard]] UniqueFd copy() const;

  private:
    std::string path_;
    UniqueFd file_;
    UniqueFd lock_;
};

}  // namespace famez
