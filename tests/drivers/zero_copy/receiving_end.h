// SPDX-License-Identifier: BSD-3-Clause
// Who borrows: a port that trusts everybody, and what its application holds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "eth_port.h"

namespace famez::probe {

// For what is copied.
rte_mempool* make_rx_pool();

struct Held {
    rte_mbuf* packet;
    std::uint16_t length;
    std::uint64_t number;
};

class ReceivingEnd {
  public:
    // Started. Frames come from the port `peer`.
    ReceivingEnd(const std::string& socket, unsigned peer, rte_mempool* rx_pool,
                 std::uint16_t queues = 1);

    [[nodiscard]] EthPort& port() { return port_; }
    [[nodiscard]] std::vector<Held>& held() { return held_; }

    // The number of the next frame.
    [[nodiscard]] std::uint64_t next() const { return next_; }
    void number_from(std::uint64_t number) { next_ = number; }

    // Polls once. Frames below `keep_from` are freed, the others stay with the application.
    void receive_some(std::uint16_t length, std::uint64_t keep_from);

    // Polls until all below `last` have come, intact. `meanwhile`: done before each poll.
    void receive_until(
        std::uint64_t last, std::uint16_t length, std::uint64_t keep_from,
        const std::function<void()>& meanwhile = [] {});

    void check_held(const char* when) const;
    void free_held();
    // All but the last so many.
    void free_held_but(std::size_t number);

    // Looks after what has been freed.
    void look_after();

  private:
    EthPort port_;
    std::vector<Held> held_;
    std::uint64_t next_ = 0;
};

// Every header of this process's receivers is back.
void expect_headers_back();

}  // namespace famez::probe
