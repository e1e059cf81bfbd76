// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that the application holds for long, from many threads, or as many as it can.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "expect.h"
#include "measures.h"
#include "receiving_end.h"
#include "rig.h"
#include "scenarios.h"

namespace famez::probe {

// Everything is lent, nothing is copied, and all is back after a stop.
void counts(const std::string& socket) {
    StartedRig rig(socket);
    for (const std::uint16_t length : {jumbo, std::uint16_t{256}, std::uint16_t{2000}})
        rig.pass(20'000, length);
    expect_equal(rig.sender().statistic("tx_references"), 60'000U, "references sent");
    expect_equal(rig.receiver().statistic("rx_references"), 60'000U, "references received");
    const std::uint64_t bytes = 20'000U * (jumbo + 256 + 2000);
    expect_equal(rig.sender().statistic("tx_reference_bytes"), bytes, "bytes lent");
    expect_equal(rig.receiver().statistic("rx_reference_bytes"), bytes, "bytes not copied");
    rig.pass(1000, 255);
    expect_equal(rig.sender().statistic("tx_references"), 60'000U, "references, short frames");
    expect_equal(rig.sender().statistic("tx_credits_ignored"), 0U, "credits ignored");
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
}

// What the application holds for long stays as it is, however often the sender goes through its
// pool.
void held(const std::string& socket) {
    StartedRig rig(socket);
    for (int round = 0; round < 4; ++round)
        rig.pass(200, jumbo, 100);
    rig.pass(4 * Rig::buffers, jumbo);
    rig.scribble();
    rig.check_held("after four turns through the pool");
    rig.idle(std::chrono::milliseconds(20));
    expect_equal(rte_mempool_avail_count(rig.arena()), Rig::buffers - 400, "buffers back");
    // Half of them in another order than they came.
    std::swap_ranges(rig.held().begin(), rig.held().begin() + 100, rig.held().begin() + 250);
    rig.free_held();
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
}

// Frees from a thread of EAL's and from one that EAL does not know.
void threads(const std::string& socket) {
    StartedRig rig(socket);
    const auto free_held = [](void* rig) {
        static_cast<Rig*>(rig)->free_held();
        return 0;
    };
    for (int round = 0; round < 20; ++round) {
        rig.pass(300, 2000, 200);
        if (round % 2 == 0) {
            std::thread([&] { free_held(&rig); }).join();
        } else {
            const unsigned worker = rte_get_next_lcore(rte_lcore_id(), 1, 0);
            rte_eal_remote_launch(free_held, &rig, worker);
            rte_eal_wait_lcore(worker);
        }
    }
    rig.expect_all_back();
    // While one of them frees, the port is polled.
    std::vector<rte_mbuf*> packets;
    for (int round = 0; round < 20; ++round) {
        rig.pass(300, 2000, 200);
        packets.clear();
        for (const Held& held : rig.held())
            packets.push_back(held.packet);
        rig.held().clear();
        std::thread thread([&] {
            for (rte_mbuf* packet : packets)
                rte_pktmbuf_free(packet);
        });
        rig.pass(2000, 2000);
        thread.join();
    }
    rig.receiver().stop();
    rig.sender().stop();
    rig.expect_all_back(false);
    expect_equal(rig.sender().statistic("tx_credits_ignored"), 0U, "credits ignored");
}

void cleanup(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(200, jumbo, 100);
    rig.idle(ticks);
    expect_equal(rte_eth_tx_done_cleanup(rig.sender().id(), 0, 0), 0, "cleaned up, all being held");
    rig.free_held();
    expect_equal(rte_eth_tx_done_cleanup(rig.sender().id(), 0, 0), 100, "cleaned up");
    expect_equal(rte_mempool_avail_count(rig.arena()), Rig::buffers, "buffers back");
}

// More than a receiver can hold is copied.
void limit(const std::string& socket) {
    Rig rig(socket);
    rig.make_pool(8192, small_room);
    rig.sender().start();
    rig.pass(4096, small_frame, 4096);
    expect_equal(rig.sender().statistic("tx_references"), 4096U, "references");
    rig.pass(2000, small_frame);
    rig.check_held("at the limit");
    rig.free_held();
    rig.pass(20'000, small_frame);
    rig.sender().stop();
    rig.expect_all_back();
}

}  // namespace famez::probe
