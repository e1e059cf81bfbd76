// SPDX-License-Identifier: BSD-3-Clause
//
// What else lives in the server's process beside its clients, and wants to hear of them.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace famez {

// Called from the event loop, after the fact and never while the server changes its state. What
// these throw ends the server.
class ServerObserver {
  public:
    ServerObserver() = default;
    ServerObserver(const ServerObserver&) = delete;
    ServerObserver& operator=(const ServerObserver&) = delete;
    virtual ~ServerObserver() = default;

    // `process`: 0 where the kernel does not say.
    virtual void attached(std::uint32_t id, pid_t process) = 0;
    virtual void left(std::uint32_t id) = 0;
    // About ten times a second.
    virtual void tick() = 0;
};

}  // namespace famez
