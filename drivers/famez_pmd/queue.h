// SPDX-License-Identifier: BSD-3-Clause
//
// What the burst functions work on. Written at set-up, then by the one lcore that polls the queue.
#pragma once

#include <cstdint>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <famez/address_book.h>
#include <famez/counters.h>
#include <famez/instances.h>

#include "reference_pool.h"
#include "stall_watch.h"

namespace famez::pmd {

// The two halves of an mbuf's first line that a receive fills in, in the order of struct rte_mbuf:
// 16 bytes each, so that each is one wide store.
struct alignas(16) MbufRearm {
    std::uint16_t data_off;
    std::uint16_t refcnt;
    std::uint16_t nb_segs;
    std::uint16_t port;
    std::uint64_t ol_flags;
};
static_assert(sizeof(MbufRearm) == 16);
static_assert(offsetof(rte_mbuf, ol_flags) == offsetof(rte_mbuf, rearm_data) + 8);

struct alignas(16) MbufLengths {
    std::uint32_t packet_type;
    std::uint32_t pkt_len;
    std::uint16_t data_len;
    std::uint16_t vlan_tci;
    std::uint32_t hash;
};
static_assert(sizeof(MbufLengths) == 16);
static_assert(offsetof(rte_mbuf, pkt_len) == offsetof(rte_mbuf, rx_descriptor_fields1) + 4);
static_assert(offsetof(rte_mbuf, data_len) == offsetof(rte_mbuf, rx_descriptor_fields1) + 8);

struct RxQueue {
    // Empty buffers taken from the pool in bulk. A poll that finds one frame takes one of these,
    // where asking the pool for a burst and giving the rest back would cost it 25 ns.
    static constexpr std::uint32_t stash_size = 64;

    void* receiver;  // a Receiver<Memory>, or with `many` a ReceiverSet<Memory>; the memory type is
                     // that of the port's burst functions
    RxCounters* counters;
    rte_mempool* pool;
    MbufRearm rearm;
    std::uint32_t room;       // bytes of a buffer behind data_off
    std::uint32_t frame_max;  // longer ones are dropped and counted
    std::uint32_t stashed;
    ReferencePool* references;  // nullptr: what others lend is copied out
    const bool* trusted;        // by id; those whose packets may stay where they are
    std::uint32_t unsummed;     // record::flags_unsummed, or 0: frames come with their checksums
    rte_mbuf* stash[stash_size];
    // Off the path of packets.
    std::uint32_t peer;         // the other end of a point-to-point link, or 0
    bool weak;                  // the memory type: the receiver's
    bool many;                  // the port has fewer queues than lanes
    bool deferred;              // the application starts it by itself
    std::uint16_t descriptors;  // what was asked for: it means nothing to a lane
    std::uint64_t offloads;     // RTE_ETH_RX_OFFLOAD_*, this queue's own
};

struct TxQueue {
    void* sender;  // a Sender<Memory>, likewise
    Port* port;
    AddressBook* book;
    StallWatch* stalls;
    TxCounters* counters;
    std::uint32_t peer;        // the other end of a point-to-point link, or 0
    std::uint32_t frame_max;   // bytes that a record can hold
    std::uint32_t mac_prefix;  // of addresses derived from ids (mac.h)
    const LoanTable* loans;    // nullptr: nothing is lent
    rte_mempool* lent_pool;    // whose buffers lie in our arena
    std::uint32_t copied_max;  // frames of other pools, up to so long, are copied into one of those
                               // and lent; 0: none are
    std::uint32_t copied_most;  // so many of them at one receiver's
    std::uint32_t spares_left;  // so many buffers for it the queue may still take out of lent_pool
    std::uint32_t collect_at;   // so many out on a lane: time to look for credits
    std::uint16_t descriptors;
    bool weak;               // the memory type: the sender's
    bool deferred;           // the application starts it by itself
    bool fast_free;          // RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE was asked for
    std::uint64_t offloads;  // RTE_ETH_TX_OFFLOAD_*, this queue's own
};

}  // namespace famez::pmd
