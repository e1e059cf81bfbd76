// SPDX-License-Identifier: BSD-3-Clause
// Both ends in one process: a sender with a pool in its arena at id 1, and at id 2 a receiver that
// trusts it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "measures.h"
#include "receiving_end.h"
#include "sending_end.h"

namespace famez::probe {

class Rig {
  public:
    static constexpr std::uint32_t buffers = SendingEnd::buffers;

    // The sender has no pool yet, and is not started. `more`: its devargs, from the comma on.
    explicit Rig(const std::string& socket, std::uint16_t queues = 1, const std::string& more = "");

    void attach_sender() { sender_.attach(); }
    void make_pool(std::uint32_t count = buffers, std::uint16_t room = large_room) {
        sender_.make_pool(count, room);
    }
    void sender_leaves() { sender_.leave(); }

    [[nodiscard]] EthPort& sender() { return sender_.port(); }
    [[nodiscard]] EthPort& receiver() { return receiver_.port(); }
    [[nodiscard]] rte_mempool* arena() { return sender_.arena(); }
    [[nodiscard]] rte_mempool* rx_pool() { return rx_pool_; }
    [[nodiscard]] std::vector<Held>& held() { return receiver_.held(); }

    // Sends so many frames and waits until all have come, intact. The last `keep` of them stay with
    // the application, the others are freed at once.
    void pass(std::uint64_t count, std::uint16_t length, std::uint64_t keep = 0,
              rte_mempool* from = nullptr);

    // The same with this packet, which holds the next frame.
    void pass(rte_mbuf* packet, std::uint16_t length);

    void check_held(const char* when) { receiver_.check_held(when); }
    void free_held() { receiver_.free_held(); }
    void scribble() { sender_.scribble(); }

    // Every buffer of the sender's pool, and every header of the receiver's, is back. `polls`: the
    // receiver is started.
    void expect_all_back(bool polls = true);

    // Time passes, and the ports are used.
    void idle(Clock::duration time);

  private:
    rte_mempool* rx_pool_;
    SendingEnd sender_;
    ReceivingEnd receiver_;
};

// Ready to pass frames.
class StartedRig : public Rig {
  public:
    explicit StartedRig(const std::string& socket) : Rig(socket) {
        make_pool();
        sender().start();
    }
};

}  // namespace famez::probe
