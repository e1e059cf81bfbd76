// SPDX-License-Identifier: BSD-3-Clause
// The net_famez port that the bridge owns. It is never started: mail needs no queues.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <famez/unique_fd.h>

#include "driver.h"
#include "mail.h"

namespace famez::bridge {

class PortMail final : public Mail {
  public:
    // `wanted`, or the only net_famez port there is. Throws std::runtime_error.
    PortMail(const Driver& driver, std::optional<std::uint16_t> wanted);
    // Closes the port.
    ~PortMail() override;

    [[nodiscard]] std::uint32_t server_id() const override { return server_; }
    int send(std::uint32_t to, std::string_view payload, std::chrono::microseconds wait) override;
    bool send_ready() override;
    std::optional<Received> receive() override;
    [[nodiscard]] int fd() const override { return fd_; }

    [[nodiscard]] int id() const { return driver_.id(port_); }
    // The device's name, and where FAME-Z's users look for it: 04 for 0000:00:04.0.
    [[nodiscard]] const std::string& device() const { return device_; }
    [[nodiscard]] std::string slot() const;
    // Readable when the machine wants the device back.
    [[nodiscard]] int removal_fd() const { return removal_fd_; }

  private:
    Driver driver_;
    std::uint16_t port_;
    std::uint32_t server_ = 0;
    int fd_ = -1;
    std::string device_;
    UniqueFd removal_;
    int removal_fd_ = -1;  // for the callback
};

}  // namespace famez::bridge
