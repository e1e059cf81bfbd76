// SPDX-License-Identifier: BSD-3-Clause
//
// A port stops, is reset, is closed or is followed by another one, while packets are held.
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eth_port.h"
#include "expect.h"
#include "measures.h"
#include "rig.h"
#include "scenarios.h"

namespace famez::probe {

// Freed while the receiver's port is stopped; and held over a stop and a start.
void stopped(const std::string& socket) {
    StartedRig rig(socket);
    for (int round = 0; round < 3; ++round) {
        rig.pass(500, jumbo, 100);
        rig.receiver().stop();
        rig.check_held("after a stop");
        rig.free_held();
        rig.expect_all_back(false);
        rig.receiver().start();
        rig.pass(500, jumbo, 100);
        rig.receiver().stop();
        rig.receiver().start();
        rig.pass(2 * Rig::buffers, jumbo);
        rig.check_held("after a stop and a start");
        rig.free_held();
        rig.expect_all_back();
    }
    rig.sender().stop();
    rig.expect_all_back();
}

// The sender stops while its buffers are held, and goes on.
void sender_stops(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(500, jumbo, 100);
    rig.sender().stop();
    rig.scribble();
    rig.check_held("after the sender's stop");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after the sender's start");
    rig.sender().stop();
    rig.free_held();
    rig.expect_all_back();
}

// Z5: no new epoch while the application holds something.
void reset(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    expect_equal(rte_eth_dev_reset(rig.receiver().id()), -EBUSY, "a reset with packets held");
    rig.check_held("after the reset");
    rig.receiver().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after a start");
    rig.free_held();
    expect_equal(rte_eth_dev_reset(rig.receiver().id()), 0, "a reset with none");
    rig.receiver().start();
    rig.pass(1000, jumbo);
    // The sender's own epoch may end when it likes.
    rig.pass(100, jumbo, 10);
    expect_equal(rte_eth_dev_reset(rig.sender().id()), 0, "a reset of the sender");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.check_held("after the sender's reset");
    rig.free_held();
    rig.expect_all_back();
}

// Z5: the bytes outlive the port.
void close(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    expect_equal(rte_eth_dev_close(rig.receiver().id()), -EBUSY, "a close with packets held");
    std::this_thread::sleep_for(ticks);
    for (int i = 0; i < 100; ++i)
        static_cast<void>(rte_eth_tx_burst(rig.sender().id(), 0, nullptr, 0));
    rig.scribble();
    rig.check_held("after the close");
    rig.free_held();
}

// ... and once they are let go, the port can come back in the same process.
void close_again(const std::string& socket) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    expect_equal(rte_eth_dev_close(rig.receiver().id()), -EBUSY, "a close with packets held");
    rig.free_held();
    expect_equal(rte_eal_hotplug_remove("vdev", "net_famez1"), 0, "the removal");
    EthPort next("net_famez1", fmt::format("socket={},peer=1,trust=all", socket));
    next.set_up(rig.rx_pool());
    next.start();
    next.leave();
}

namespace {

// Z4: a sender ends, and the next one at its id writes nothing that is still read.
void successor(const std::string& socket, std::uint16_t room, std::uint16_t length) {
    StartedRig rig(socket);
    rig.pass(100, jumbo, 10);
    rig.sender_leaves();
    rig.check_held("after the sender's end");
    rig.attach_sender();
    rig.make_pool(Rig::buffers, room);
    rig.scribble();
    rig.check_held("after its successor wrote all of its pool");
    rig.sender().start();
    rig.pass(2 * Rig::buffers, length);
    rig.check_held("while its successor sends");
    expect(rig.sender().statistic("tx_references") > 0, "its successor lends nothing");
    rig.free_held();
    rig.idle(ticks);
    rig.pass(2 * Rig::buffers, length);
    rig.sender().stop();
    rig.expect_all_back();
}

}  // namespace

void successor_alike(const std::string& socket) {
    successor(socket, large_room, jumbo);
}

void successor_smaller(const std::string& socket) {
    successor(socket, small_room, small_frame);
}

// On a server with two lanes. With another number of queues two threads would write the credits.
void queues(const std::string& socket) {
    Rig rig(socket, 2);
    rig.make_pool();
    rig.sender().start();
    rig.pass(100, jumbo, 10);
    rig.receiver().stop();
    rig.receiver().set_up(rig.rx_pool(), 1);
    expect_equal(rte_eth_dev_start(rig.receiver().id()), -EBUSY, "fewer queues, packets held");
    rig.check_held("after the start that failed");
    rig.free_held();
    rig.receiver().start();
    rig.pass(2 * Rig::buffers, jumbo);
    rig.expect_all_back();
}

}  // namespace famez::probe
