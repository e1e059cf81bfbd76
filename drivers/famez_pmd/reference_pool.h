// SPDX-License-Identifier: BSD-3-Clause
//
// The mbufs of an RX queue for packets whose bytes stay in a sender's arena. Their headers lie in
// private memory and belong to a mempool of ours, so the application frees them like any other;
// what it frees becomes a credit for the sender. One a queue; doc/zero-copy.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <famez/credit_writer.h>
#include <famez/transport.h>

namespace famez::pmd {

class ReferencePool {
  public:
    // `count` packets at most are with the application at once. Throws FabricError.
    ReferencePool(const std::string& name, std::uint32_t count, int socket, MemoryType memory);
    ReferencePool(const ReferencePool&) = delete;
    ReferencePool& operator=(const ReferencePool&) = delete;
    // Nothing may be out.
    ~ReferencePool();

    // Headers that are not with the application. Any thread; exact while nobody works with them.
    [[nodiscard]] std::uint32_t free_now() const { return free_count_ + rte_ring_count(freed_); }
    // Takes in what was freed; how many are with the application. While nobody polls.
    std::uint32_t settle();

    // Before each poll, by the thread that polls: what its lcore frees goes the short way, and what
    // others have freed meanwhile is taken in. A queue that changes its lcore while it is started
    // goes the long way from then on.
    [[gnu::always_inline]] void begin_poll() {
        if (rte_lcore_id() != owner_.load(std::memory_order_relaxed)) [[unlikely]]
            change_owner(rte_lcore_id());
        if (rte_ring_empty(freed_) == 0) [[unlikely]]
            take_in();
    }
    // An empty header; nullptr when all are with the application. The thread that polls.
    [[gnu::always_inline]] rte_mbuf* take() {
        return free_count_ == 0 ? nullptr : free_[--free_count_];
    }
    // The packet is lent: `cookie` goes back by `credits`, a CreditWriter, when it is freed.
    [[gnu::always_inline]] static void lend(rte_mbuf* packet, void* credits, std::uint64_t cookie) {
        Lent& lent = lent_of(packet);
        lent.credits = credits;
        lent.cookie = cookie;
    }

    // Whoever polls next is the owner; or nobody is for now.
    void expect_owner() { owner_.store(nobody_yet, std::memory_order_relaxed); }
    void forget_owner() { owner_.store(nobody, std::memory_order_relaxed); }

    // Tells rte_mempool of the handler; before the first pool.
    static void register_handler();
    static int enqueue(rte_mempool* pool, void* const* table, unsigned count);

  private:
    // In the private area of each mbuf.
    struct Lent {
        rte_mbuf_ext_shared_info shared;  // counts clones
        void* credits;                    // nullptr: not lent
        std::uint64_t cookie;
    };
    static Lent& lent_of(rte_mbuf* packet) { return *static_cast<Lent*>(rte_mbuf_to_priv(packet)); }
    static void free_last(void* bytes, void* packet);
    static void init_header(rte_mempool* pool, void* opaque, void* object, unsigned index);

    // In place of an lcore's number.
    static constexpr unsigned nobody_yet = LCORE_ID_ANY - 1;
    static constexpr unsigned nobody = LCORE_ID_ANY - 2;

    // Not inline, as take_in(): what levels of the instruction set share is compiled once.
    void change_owner(unsigned lcore);
    [[gnu::always_inline]] void put_back(rte_mbuf* packet);
    void take_in();

    rte_mempool* pool_ = nullptr;
    rte_ring* freed_ = nullptr;            // by other lcores than the owner
    std::atomic<unsigned> owner_{nobody};  // the lcore that polls
    const bool weak_;
    std::uint32_t free_count_ = 0;
    std::vector<rte_mbuf*> free_;  // a stack
};

}  // namespace famez::pmd
