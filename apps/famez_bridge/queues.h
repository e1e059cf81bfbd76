// SPDX-License-Identifier: BSD-3-Clause
// Both directions through the bridge: what waits for a reader, and what waits to be sent. The rest
// of the waiting is done where it is bounded: in the port's inbox and in the senders' slots.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "mail.h"
#include "message.h"

namespace famez::bridge {

class Incoming {
  public:
    explicit Incoming(Mail& mail) : mail_(mail) {}

    // Takes in what the port has, up to so many.
    void fetch();
    static constexpr std::size_t most = 64;

    // There is something to read.
    bool ready();
    [[nodiscard]] bool full() const { return messages_.size() >= most; }
    // The oldest message as its reader sees it; or -EAGAIN: nothing, -E2BIG: it needs more room,
    // and stays for the next.
    std::variant<std::string, int> take(std::size_t room);

  private:
    Mail& mail_;
    std::deque<std::string> messages_;
};

class Outgoing {
  public:
    // 0 or a negative errno.
    using Done = std::function<void(int)>;
    explicit Outgoing(Mail& mail) : mail_(mail) {}

    // Sends what was written, or finds what is wrong with it, and calls done. If the message before
    // is still to be taken, retry() does so later, and cancel() knows it by the ticket returned;
    // with `wait` false that is -EAGAIN.
    std::optional<std::uint64_t> write(std::string_view text, bool wait, const Done& done);
    // Goes on with what waits. Nothing tells when it can: worth calling every retry_us.
    void retry();
    // Forgets one that waits; false if it does not wait any more.
    bool cancel(std::uint64_t ticket);

    [[nodiscard]] bool idle() const { return waiting_.empty(); }
    [[nodiscard]] bool ready() { return idle() && mail_.send_ready(); }

    static constexpr std::uint64_t retry_us = 1000;

  private:
    struct Waiting {
        std::uint64_t ticket;
        std::uint32_t to;
        std::string payload;
        Done done;
    };

    Mail& mail_;
    std::deque<Waiting> waiting_;
    std::uint64_t tickets_ = 0;
};

}  // namespace famez::bridge
