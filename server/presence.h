// SPDX-License-Identifier: BSD-3-Clause
//
// Who is attached, as the server itself knows it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "observer.h"

namespace famez {

struct Attendance {
    pid_t process = 0;  // 0: the kernel does not say
    std::chrono::steady_clock::time_point since;
};

class Presence final : public ServerObserver {
  public:
    [[nodiscard]] const std::map<std::uint32_t, Attendance>& ports() const { return ports_; }
    // Since the start.
    [[nodiscard]] std::uint64_t attached_ever() const { return attached_ever_; }

    void attached(std::uint32_t id, pid_t process) override {
        ports_[id] = {process, std::chrono::steady_clock::now()};
        ++attached_ever_;
    }
    void left(std::uint32_t id) override { ports_.erase(id); }
    void tick() override {}

  private:
    std::map<std::uint32_t, Attendance> ports_;
    std::uint64_t attached_ever_ = 0;
};

}  // namespace famez
