// SPDX-License-Identifier: BSD-3-Clause
#include "reference_pool.h"

#include <fmt/format.h>

#include <cerrno>

#include <rte_errno.h>
#include <rte_lcore.h>

#include <famez/error.h>

#include "compat_mbuf.h"

namespace famez::pmd {
namespace {

constexpr const char* ops_name = "famez_references";

int alloc(rte_mempool* pool) {
    pool->pool_data = pool->pool_config;
    return 0;
}
void free_nothing(rte_mempool* /*pool*/) {}
// These headers are the driver's to give: an application allocates from pools of its own.
int dequeue(rte_mempool* /*pool*/, void** /*table*/, unsigned /*count*/) {
    return -ENOBUFS;
}
unsigned count_free(const rte_mempool* pool) {
    if (rte_eal_process_type() != RTE_PROC_PRIMARY)
        return 0;  // it lies in the primary's own memory
    return static_cast<const ReferencePool*>(pool->pool_data)->free_now();
}

}  // namespace

// The last clone of a packet is freed, behind the packet itself: that goes back now.
void ReferencePool::free_last(void* /*bytes*/, void* opaque) {
    auto* packet = static_cast<rte_mbuf*>(opaque);
    rte_mbuf_ext_refcnt_set(packet->shinfo, 1);
    packet->ol_flags = RTE_MBUF_F_EXTERNAL;
    packet->next = nullptr;
    packet->nb_segs = 1;
    rte_mbuf_raw_free(packet);
}

void ReferencePool::init_header(rte_mempool* pool, void* opaque, void* object, unsigned index) {
    rte_pktmbuf_init(pool, opaque, object, index);
    auto* packet = static_cast<rte_mbuf*>(object);
    Lent& lent = lent_of(packet);
    lent = {};
    lent.shared.free_cb = free_last;
    lent.shared.fcb_opaque = packet;
    rte_mbuf_ext_refcnt_set(&lent.shared, 1);
    set_no_io_address(packet);
    packet->shinfo = &lent.shared;
    packet->ol_flags = RTE_MBUF_F_EXTERNAL;
}

ReferencePool::ReferencePool(const std::string& name, std::uint32_t count, int socket,
                             MemoryType memory)
    : weak_(memory == MemoryType::weak) {
    const auto fail = [&](const char* what) {
        const int error = rte_errno;
        rte_mempool_free(pool_);
        rte_ring_free(freed_);
        throw FabricError(fmt::format("no {} for {} packets whose bytes stay with their sender: {}",
                                      what, count, rte_strerror(error)));
    };
    register_handler();
    free_.resize(count);
    freed_ = rte_ring_create((name + "_ring").c_str(), rte_align32pow2(count + 1), socket,
                             RING_F_SC_DEQ);
    if (freed_ == nullptr) fail("ring");
    constexpr std::uint16_t private_bytes = RTE_ALIGN_CEIL(sizeof(Lent), RTE_MBUF_PRIV_ALIGN);
    // Without caches by lcore: a credit that lies in one is missed by the sender.
    pool_ = rte_mempool_create_empty(name.c_str(), count, sizeof(rte_mbuf) + private_bytes, 0,
                                     sizeof(rte_pktmbuf_pool_private), socket, 0);
    if (pool_ == nullptr) fail("mempool");
    rte_pktmbuf_pool_private room{};
    room.mbuf_priv_size = private_bytes;
    room.flags = RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF;
    if (rte_mempool_set_ops_byname(pool_, ops_name, this) != 0) fail("mempool handler");
    rte_pktmbuf_pool_init(pool_, &room);
    if (rte_mempool_populate_default(pool_) < 0) fail("memory");
    rte_mempool_obj_iter(pool_, init_header, nullptr);
    take_in();
}

ReferencePool::~ReferencePool() {
    rte_mempool_free(pool_);
    rte_ring_free(freed_);
}

inline void ReferencePool::put_back(rte_mbuf* packet) {
    Lent& lent = lent_of(packet);
    if (lent.credits != nullptr) [[likely]] {
        if (weak_) {
            static_cast<CreditWriter<Weak>*>(lent.credits)->give_back(lent.cookie);
        } else {
            static_cast<CreditWriter<WriteBack>*>(lent.credits)->give_back(lent.cookie);
        }
        lent.credits = nullptr;
    }
    free_[free_count_++] = packet;
}

void ReferencePool::take_in() {
    void* packet = nullptr;
    while (rte_ring_sc_dequeue(freed_, &packet) == 0)
        put_back(static_cast<rte_mbuf*>(packet));
}

void ReferencePool::change_owner(unsigned lcore) {
    const bool first = owner_.load(std::memory_order_relaxed) == nobody_yet;
    owner_.store(first && lcore != LCORE_ID_ANY ? lcore : nobody, std::memory_order_relaxed);
}

std::uint32_t ReferencePool::settle() {
    take_in();
    return static_cast<std::uint32_t>(free_.size()) - free_count_;
}

// Z6: the thread that polls writes credits; others leave that to it.
int ReferencePool::enqueue(rte_mempool* pool, void* const* table, unsigned count) {
    auto& self = *static_cast<ReferencePool*>(pool->pool_data);
    if (rte_lcore_id() != self.owner_.load(std::memory_order_relaxed)) {
        return rte_ring_mp_enqueue_bulk(self.freed_, table, count, nullptr) == count ? 0 : -ENOBUFS;
    }
    for (unsigned i = 0; i < count; ++i)
        self.put_back(static_cast<rte_mbuf*>(table[i]));
    return 0;
}

namespace {

consteval rte_mempool_ops make_ops() {
    rte_mempool_ops ops{};
    for (int i = 0; ops_name[i] != '\0'; ++i)
        ops.name[i] = ops_name[i];
    ops.alloc = alloc;
    ops.free = free_nothing;
    ops.enqueue = ReferencePool::enqueue;
    ops.dequeue = dequeue;
    ops.get_count = count_free;
    return ops;
}

constinit const rte_mempool_ops ops = make_ops();

}  // namespace

// Not by a constructor: handlers have numbers in the order of their registration, and those of a
// process that has this driver loaded would differ from those of one that has not.
void ReferencePool::register_handler() {
    static const int number = rte_mempool_register_ops(&ops);
    if (number < 0) throw FabricError("rte_mempool takes no more handlers");
}

}  // namespace famez::pmd
