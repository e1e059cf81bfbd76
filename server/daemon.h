// SPDX-License-Identifier: BSD-3-Clause
//
// Serving in the background.
#pragma once

#include <famez/unique_fd.h>

namespace famez {

// What daemon(3) does, but the process that was called ends only when it is known how it went: with
// 0 once the server is ready, with 1 when the server ended before that and has said why.
class Daemon {
  public:
    // Forks twice, and returns in the process that is to serve: in a session of its own without a
    // terminal to be had. To be called before anything is made that a fork would share. Throws
    // FabricError.
    static Daemon start();

    // The server is ready: goes to /, lets the waiting process end and the standard streams go.
    // SIGPIPE must be ignored. Throws FabricError when nobody waits any more: whoever interrupted
    // that process wants no server.
    void ready();

  private:
    explicit Daemon(UniqueFd waiting) : waiting_(std::move(waiting)) {}
    UniqueFd waiting_;
};

}  // namespace famez
