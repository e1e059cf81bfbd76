// SPDX-License-Identifier: BSD-3-Clause
//
// Devarg lend=: frames of any pool are copied into the arena, once, and lent from there.
#include <chrono>
#include <cstdint>
#include <string>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "content.h"
#include "expect.h"
#include "measures.h"
#include "rig.h"
#include "scenarios.h"

namespace famez::probe {
namespace {

// A sender whose frames come from a pool of its application's own.
class CopyingRig : public Rig {
  public:
    CopyingRig(const std::string& socket, const char* lend) : Rig(socket, 1, lend) {
        sender().start();
    }
    void pass_copied(std::uint64_t count, std::uint16_t length, std::uint64_t keep = 0) {
        pass(count, length, keep, rx_pool());
    }
    // The driver's.
    static rte_mempool* spares() {
        rte_mempool* pool = rte_mempool_lookup("famez_lend1");
        if (pool == nullptr) give_up("there is no pool of the driver's");
        return pool;
    }
    void expect_everything_back() {
        free_held();
        idle(ticks);
        receiver().stop();
        sender().stop();
        // But for what a queue has in stock.
        expect(rte_mempool_in_use_count(rx_pool()) <= 64, "the application's buffers are gone");
        expect_equal(rte_mempool_avail_count(spares()), spares()->size, "the driver's");
        expect_headers_back();
        expect_equal(sender().statistic("tx_credits_ignored"), 0U, "credits ignored");
    }
};

}  // namespace

void copies(const std::string& socket) {
    CopyingRig rig(socket, ",lend=512");
    rig.pass_copied(300, jumbo, 100);
    // Buffers are the application's own again as soon as they are sent, those at its receiver's
    // too.
    rig.pass_copied(4 * Rig::buffers, jumbo);
    rig.check_held("after many turns through the driver's buffers");
    const std::uint64_t lent = 300 + 4 * Rig::buffers;
    expect_equal(rig.sender().statistic("tx_references"), lent, "references sent");
    expect_equal(rig.receiver().statistic("rx_references"), lent, "references received");
    rig.pass_copied(1000, 383);
    expect_equal(rig.sender().statistic("tx_references"), lent, "references, short frames");
    // A stop brings all but these 100 back; they stay as they are, and it starts with the same
    // pool.
    rig.idle(ticks);
    rig.sender().stop();
    expect_equal(rte_mempool_avail_count(CopyingRig::spares()), 412U, "the driver's, stopped");
    rig.sender().start();
    rig.pass_copied(4 * Rig::buffers, jumbo);
    rig.check_held("after a restart");
    rig.expect_everything_back();
}

// With all of them held, frames are copied into the lane, in their order.
void copies_few(const std::string& socket) {
    CopyingRig rig(socket, ",lend=20");
    rig.pass_copied(20, 2000, 20);
    rig.pass_copied(1000, 2000);
    expect_equal(rig.sender().statistic("tx_references"), 20U, "references while all are held");
    rig.check_held("while others are copied");
    rig.free_held();
    rig.idle(ticks);
    rig.pass_copied(1000, 2000);
    expect(rig.sender().statistic("tx_references") > 20, "lent again");
    rig.expect_everything_back();
}

// One buffer for all parts of a frame.
void copies_chains(const std::string& socket) {
    CopyingRig rig(socket, ",lend=64");
    constexpr std::uint16_t part = 1000;
    for (std::uint64_t number = 0; number < 100; ++number) {
        rte_mbuf* whole = rte_pktmbuf_alloc(rig.rx_pool());
        if (whole == nullptr) give_up("no buffer");
        fill(whole, 3 * part, number);
        rte_mbuf* chain = nullptr;
        for (std::uint16_t i = 0; i < 3; ++i) {
            rte_mbuf* one = rte_pktmbuf_copy(whole, rig.rx_pool(), i * part, part);
            if (one == nullptr) give_up("no buffer");
            if (chain == nullptr) {
                chain = one;
            } else {
                rte_pktmbuf_chain(chain, one);
            }
        }
        rte_pktmbuf_free(whole);
        rig.pass(chain, 3 * part);
    }
    expect_equal(rig.receiver().statistic("rx_references"), 100U, "chains received as references");
    // A head that lies about its parts is swallowed, as without.
    rte_mbuf* liar = rte_pktmbuf_alloc(rig.rx_pool());
    rte_mbuf* tail = rte_pktmbuf_alloc(rig.rx_pool());
    if (liar == nullptr || tail == nullptr) give_up("no buffer");
    rte_pktmbuf_append(liar, part);
    rte_pktmbuf_append(tail, part);
    rte_pktmbuf_chain(liar, tail);
    liar->pkt_len += 1;
    expect_equal(rte_eth_tx_burst(rig.sender().id(), 0, &liar, 1), 1U, "frames taken");
    expect_equal(rig.sender().statistic("tx_invalid_dropped"), 1U, "frames refused");
    rig.expect_everything_back();
}

// A sender that is reset goes on with its buffers, around those that are still held.
void copies_reset(const std::string& socket) {
    CopyingRig rig(socket, ",lend=256");
    rig.pass_copied(1000, jumbo, 50);
    expect_equal(rte_eth_dev_reset(rig.sender().id()), 0, "reset");
    rig.sender().set_up(rig.rx_pool());
    rig.sender().start();
    rig.pass_copied(4 * Rig::buffers, jumbo);
    rig.check_held("after the sender's reset");
    expect(rig.sender().statistic("tx_references") > 2000, "lends nothing after a reset");
    rig.expect_everything_back();
}

// An MTU that no buffer of the arena has room for: such frames go through the lane.
void copies_large(const std::string& socket) {
    Rig rig(socket, 1, ",lend=8");
    rig.sender().set_up_for_all_sizes(rig.rx_pool());
    rig.sender().start();
    rig.pass(100, jumbo, 0, rig.rx_pool());
    expect(rig.sender().statistic("tx_references") > 0, "lends nothing");
}

// The pool is the driver's: there is none beside it.
void copies_refused(const std::string& socket) {
    CopyingRig rig(socket, ",lend=64");
    rig.sender().stop();
    expect(
        pool_in_arena()(rig.sender().id(), "mine", 64, 0, 0, small_room, SOCKET_ID_ANY) == nullptr,
        "a second pool in one arena");
    rig.sender().start();
    rig.pass_copied(1000, jumbo);
    rig.expect_everything_back();
}

}  // namespace famez::probe
