// SPDX-License-Identifier: BSD-3-Clause
#include "rig.h"

#include <chrono>
#include <thread>

#include <rte_ethdev.h>

namespace famez::probe {

Rig::Rig(const std::string& socket, std::uint16_t queues, const std::string& more)
    : rx_pool_(make_rx_pool()),
      sender_(socket, 2, rx_pool_, more),
      receiver_(socket, 1, rx_pool_, queues) {}

void Rig::pass(std::uint64_t count, std::uint16_t length, std::uint64_t keep, rte_mempool* from) {
    const std::uint64_t last = sender_.next() + count;
    receiver_.receive_until(last, length, last - keep, [&] {
        if (sender_.next() < last) sender_.send_some(last - sender_.next(), length, from);
    });
}

void Rig::pass(rte_mbuf* packet, std::uint16_t length) {
    const std::uint64_t number = sender_.next();
    sender_.number_from(number + 1);
    std::uint16_t left = 1;
    receiver_.receive_until(number + 1, length, number + 1,
                            [&] { left -= rte_eth_tx_burst(sender().id(), 0, &packet, left); });
}

void Rig::expect_all_back(bool polls) {
    sender_.expect_all_back([&] {
        if (polls) receiver_.look_after();
    });
    expect_headers_back();
}

void Rig::idle(Clock::duration time) {
    // In so many turns, however long the machine makes them: a process that has to wait for the
    // processor gets as many, and its other threads theirs.
    constexpr std::chrono::milliseconds turn{1};
    for (auto left = time; left > Clock::duration::zero(); left -= turn) {
        receiver_.look_after();
        sender_.look_after();
        static_cast<void>(rte_eth_tx_burst(sender().id(), 0, nullptr, 0));
        std::this_thread::sleep_for(turn);
    }
}

}  // namespace famez::probe
