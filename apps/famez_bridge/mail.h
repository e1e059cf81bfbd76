// SPDX-License-Identifier: BSD-3-Clause
// Mail as the fronts see it: a port's, or a test's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace famez::bridge {

struct Received {
    std::uint64_t cid;  // of who sent it
    std::uint64_t sid;
    std::string payload;
};

class Mail {
  public:
    Mail() = default;
    Mail(const Mail&) = delete;
    Mail& operator=(const Mail&) = delete;
    virtual ~Mail() = default;

    [[nodiscard]] virtual std::uint32_t server_id() const = 0;
    // 0 or a negative errno, as rte_pmd_famez_mail_send(): -EAGAIN while the message before may
    // still be taken, -ETIMEDOUT when it was not.
    virtual int send(std::uint32_t to, std::string_view payload,
                     std::chrono::microseconds wait) = 0;
    virtual bool send_ready() = 0;
    virtual std::optional<Received> receive() = 0;
    // Readable while there is something to receive.
    [[nodiscard]] virtual int fd() const = 0;
};

}  // namespace famez::bridge
