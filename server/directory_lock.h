// SPDX-License-Identifier: BSD-3-Clause
//
// A short lock over the names in a directory, so that of two servers started at once each sees what
// the other has done there.
#pragma once

#include <string>

#include <famez/unique_fd.h>

namespace famez {

// Held while it lives. The directory itself is locked (flock): no lock file stays behind, and a
// killed server's lock is gone with it.
class DirectoryLock {
  public:
    // Waits for another holder, but not long. Throws FabricError.
    explicit DirectoryLock(const std::string& directory);

  private:
    UniqueFd directory_;
};

}  // namespace famez
