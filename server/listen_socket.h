// SPDX-License-Identifier: BSD-3-Clause
//
// The server's socket in the file system.
#pragma once

#include <sys/types.h>

#include <string>

#include <famez/unique_fd.h>

namespace famez {

// The socket file, removed again on destruction.
class ListenSocket {
  public:
    // Binds `path` with these rights and listens. A socket that nobody listens on is replaced, a
    // living one never, and neither is anything that is no socket. `group`: -1 for the process's.
    // Throws FabricError.
    ListenSocket(std::string path, mode_t mode, gid_t group);
    ListenSocket(const ListenSocket&) = delete;
    ListenSocket& operator=(const ListenSocket&) = delete;
    ~ListenSocket();

    // A further descriptor of the socket. The own one is kept: while it is open, the file is ours.
    [[nodiscard]] UniqueFd listener() const;

  private:
    void bind(mode_t mode);
    void permit(mode_t mode, gid_t group);

    std::string path_;
    std::string absolute_path_;  // the process may leave its directory, see Daemon
    UniqueFd socket_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace famez
