// SPDX-License-Identifier: BSD-3-Clause
// Who lends: a port and the pool in its arena.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <rte_mempool.h>
#include <rte_pmd_famez.h>

#include "eth_port.h"
#include "measures.h"

namespace famez::probe {

// The driver's function of this name.
decltype(&rte_pmd_famez_pktmbuf_pool_create) pool_in_arena();

class SendingEnd {
  public:
    static constexpr std::uint32_t buffers = 2048;

    // Frames go to the port `peer`. `rx_pool`: for what would come. `more`: devargs, from the comma
    // on.
    SendingEnd(const std::string& socket, unsigned peer, rte_mempool* rx_pool,
               const std::string& more = "");

    // A port without a pool yet, not started.
    void attach();
    void make_pool(std::uint32_t count = buffers, std::uint16_t room = large_room);
    // The port and its pool.
    void leave();

    [[nodiscard]] EthPort& port() { return *port_; }
    [[nodiscard]] rte_mempool* arena() { return arena_; }

    // The number of the next frame.
    [[nodiscard]] std::uint64_t next() const { return next_; }
    void number_from(std::uint64_t number) { next_ = number; }

    // As many of so many frames as there are buffers and the lane takes, at most a burst.
    void send_some(std::uint64_t count, std::uint16_t length, rte_mempool* from = nullptr);

    // Looks after what has been freed.
    void look_after();

    // Every buffer of the pool is back, or soon will be. `meanwhile`: done again and again.
    void expect_all_back(const std::function<void()>& meanwhile = [] {});

    // All buffers that the pool can give now, with other bytes in them; and back with them.
    void scribble();

  private:
    std::string devargs_;
    rte_mempool* rx_pool_;
    std::unique_ptr<EthPort> port_;
    rte_mempool* arena_ = nullptr;
    std::uint64_t next_ = 0;
};

}  // namespace famez::probe
