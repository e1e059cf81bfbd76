// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that have clones, at the one end and at the other.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "content.h"
#include "expect.h"
#include "measures.h"
#include "receiving_end.h"
#include "rig.h"
#include "scenarios.h"

namespace famez::probe {

// A packet and its clones are one loan, in whatever order they are freed.
void clone(const std::string& socket) {
    StartedRig rig(socket);
    rte_mempool* const clones = rte_pktmbuf_pool_create("clones", 63, 0, 0, 0, SOCKET_ID_ANY);
    rig.pass(100, jumbo, 6);
    std::vector<rte_mbuf*> copies;
    for (const Held& held : rig.held()) {
        copies.push_back(rte_pktmbuf_clone(held.packet, clones));
        if (copies.back() == nullptr) give_up("no clone");
    }
    const auto out = [&] {
        rig.idle(std::chrono::milliseconds(20));
        return rig.arena()->size - rte_mempool_avail_count(rig.arena());
    };
    expect_equal(out(), 6U, "buffers out");
    for (std::size_t i = 0; i < 3; ++i)
        rte_pktmbuf_free(copies[i]);
    expect_equal(out(), 6U, "buffers out, three clones freed");
    for (std::size_t i = 3; i < 6; ++i)
        rte_pktmbuf_free(rig.held()[i].packet);
    expect_equal(out(), 6U, "buffers out, the originals of the other three freed");
    rig.pass(2 * Rig::buffers, jumbo);
    for (std::size_t i = 3; i < 6; ++i)
        expect(holds(copies[i], jumbo, rig.held()[i].number), "clone {} has changed", i);
    rig.held().resize(3);
    rig.check_held("beside clones");
    for (std::size_t i = 3; i < 6; ++i)
        rte_pktmbuf_free(copies[i]);
    expect_equal(out(), 3U, "buffers out, both of three freed");
    rig.free_held();
    rig.expect_all_back();
    // And they are as good as new.
    rig.pass(3 * Rig::buffers, jumbo);
    rig.expect_all_back();
}

// A buffer whose sender keeps a clone, to send it again, is not lent: a receiver may write into
// what it gets, as whoever changes addresses on the way does.
void clone_kept(const std::string& socket) {
    StartedRig rig(socket);
    rte_mempool* const clones = rte_pktmbuf_pool_create("clones", 63, 0, 0, 0, SOCKET_ID_ANY);
    rig.pass(100, jumbo);
    rte_mbuf* packet = rte_pktmbuf_alloc(rig.arena());
    fill(packet, jumbo, 7);
    rte_mbuf* const kept = rte_pktmbuf_clone(packet, clones);
    if (kept == nullptr) give_up("no clone");
    expect_equal(rte_eth_tx_burst(rig.sender().id(), 0, &packet, 1), 1U, "frames taken");
    rte_mbuf* came = nullptr;
    for (int i = 0; i < 100'000 && came == nullptr; ++i)
        static_cast<void>(rte_eth_rx_burst(rig.receiver().id(), 0, &came, 1));
    if (came == nullptr) give_up("the frame does not come");
    std::memset(rte_pktmbuf_mtod(came, void*), 0x5a, RTE_ETHER_HDR_LEN);
    expect(holds(kept, jumbo, 7), "the receiver has written into the sender's clone");
    rte_pktmbuf_free(came);
    rte_pktmbuf_free(kept);
    rig.expect_all_back();
}

}  // namespace famez::probe
