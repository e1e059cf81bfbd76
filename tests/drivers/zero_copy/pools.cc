// SPDX-License-Identifier: BSD-3-Clause
//
// Pools in the arena: when they can be made, and when not.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "expect.h"
#include "measures.h"
#include "rig.h"
#include "scenarios.h"
#include "sending_end.h"

namespace famez::probe {

// A port that was started, and has an open lane, before it gets its pool.
void late_pool(const std::string& socket) {
    Rig rig(socket);
    rig.sender().start();
    rig.pass(100, jumbo, 0, rig.rx_pool());
    rig.sender().stop();
    rig.make_pool();
    rig.sender().start();
    rig.pass(200, jumbo, 100);
    rig.idle(ticks);
    rig.scribble();
    rig.check_held("with a pool made late");
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("with a pool made late, after traffic");
    rig.free_held();
    rig.expect_all_back();
}

// A pool that was refused does not spoil the next.
void pool_again(const std::string& socket) {
    Rig rig(socket);
    rig.make_pool(8192, small_room);
    rig.sender().start();
    rig.pass(4096, small_frame, 4096);
    rig.sender_leaves();
    rig.attach_sender();
    expect(pool_in_arena()(rig.sender().id(), "too_many", 1U << 20, 0, 0, small_room,
                           SOCKET_ID_ANY) == nullptr,
           "a pool larger than the arena");
    expect_equal(rte_errno, ENOMEM, "its error");
    rig.make_pool(4096, small_room);
    rig.sender().start();
    rig.check_held("after the second pool");
    rig.free_held();
    rig.idle(ticks);
    rig.pass(10'000, small_frame);
    expect(rig.sender().statistic("tx_references") > 5000, "lends only {} of 10000",
           rig.sender().statistic("tx_references"));
    rig.sender().stop();
    rig.expect_all_back();
}

void pool_errors(const std::string& socket) {
    Rig rig(socket);
    const auto make = [](std::uint16_t port, unsigned count, std::uint16_t room) {
        rte_errno = 0;
        expect(pool_in_arena()(port, "one_more", count, 0, 0, room, SOCKET_ID_ANY) == nullptr,
               "a pool that cannot be");
        return rte_errno;
    };
    expect_equal(make(777, 64, small_room), ENODEV, "no port");
    expect_equal(make(rig.receiver().id(), 64, small_room), EBUSY, "a started port");
    expect_equal(make(rig.sender().id(), 1U << 20, small_room), ENOMEM, "too many buffers");
    rig.make_pool();
    expect_equal(make(rig.sender().id(), 64, small_room), EEXIST, "a second pool");
    rig.sender().start();
    rig.pass(1000, jumbo);
    // Buffers of more than one unit do not share any.
    std::vector<rte_mbuf*> all;
    while (rte_mbuf* buffer = rte_pktmbuf_alloc(rig.arena()))
        all.push_back(buffer);
    std::sort(all.begin(), all.end(),
              [](const rte_mbuf* a, const rte_mbuf* b) { return a->buf_addr < b->buf_addr; });
    for (std::size_t i = 1; i < all.size(); ++i) {
        expect(static_cast<char*>(all[i]->buf_addr) - static_cast<char*>(all[i - 1]->buf_addr) >=
                   all[i - 1]->buf_len,
               "buffers overlap");
        expect(all[i]->buf_iova == RTE_BAD_IOVA, "an IO address that nobody knows");
    }
    rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
    rig.expect_all_back();
}

}  // namespace famez::probe
