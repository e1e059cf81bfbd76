// SPDX-License-Identifier: BSD-3-Clause
#include "zero_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <famez/error.h>

#include "log.h"

namespace famez::pmd {
namespace {

// Packets of one RX queue that an application can hold at once. As many as can be out on a lane.
constexpr std::uint32_t references_most = ArenaMap::credits_most;
// How long a port that has just been restarted waits for what its predecessor had lent.
constexpr auto patience = std::chrono::seconds(1);

// Pieces of the arena with room for `count` buffers of `units` each, around what is out.
std::vector<rte_pktmbuf_extmem> free_pieces(const LoanTable& loans, std::uint32_t units,
                                            std::uint32_t count) {
    const ArenaMap& map = loans.map();
    const std::uint64_t stride = std::uint64_t{units} << map.unit_shift;
    std::vector<rte_pktmbuf_extmem> pieces;
    // A buffer that is out is known by its first unit: how far it reaches only its lender knew, but
    // no further than a buffer can.
    const std::uint32_t widest = UINT16_MAX >> map.unit_shift;
    std::uint32_t looked_at = 0;  // units below it
    std::uint32_t blocked = 0;    // as are those below this one
    const auto is_free = [&](std::uint32_t first) {
        for (; looked_at < first + units; ++looked_at) {
            if (loans.is_out(looked_at)) blocked = looked_at + std::max(widest, 1U);
        }
        return first >= blocked;
    };
    bool joins = false;
    for (std::uint32_t slot = 0; count != 0 && slot + units <= map.units;) {
        if (!is_free(slot)) {
            joins = false;
            ++slot;
            continue;
        }
        if (!joins) {
            pieces.push_back({loans.arena() + map.unit_offset(slot), RTE_BAD_IOVA, 0,
                              static_cast<std::uint16_t>(stride)});
        }
        joins = true;
        pieces.back().buf_len += stride;
        slot += units;
        --count;
    }
    if (count != 0) pieces.clear();
    return pieces;
}

std::atomic<bool> some_port_keeps;

}  // namespace

bool ZeroCopy::in_use() {
    return some_port_keeps.load(std::memory_order_relaxed);
}

ZeroCopy::ZeroCopy(std::string name, const Trust& trust, MemoryType memory)
    : name_(std::move(name)),
      memory_(memory),
      keeps_(trust.any() && memory == MemoryType::write_back),
      trusted_(std::make_unique<bool[]>(layout::ports_max + 1)) {
    if (trust.any() && !keeps_) {
        log_warning(name_ +
                    ": devarg trust is without effect: an application would read the others' "
                    "memory uncached; see doc/vm.md for a write-back mapping");
    }
    if (keeps_) some_port_keeps.store(true, std::memory_order_relaxed);
    std::fill_n(trusted_.get(), layout::ports_max + 1, trust.all);
    for (const std::uint32_t id : trust.ids)
        trusted_[id] = true;
}

ZeroCopy::~ZeroCopy() {
    if (copied_max_ != 0) rte_mempool_free(pool_);
}

ReferencePool* ZeroCopy::references(std::uint16_t queue, int socket) {
    if (!keeps_) return nullptr;
    static std::atomic<unsigned> made;
    const std::lock_guard lock(mutex_);
    if (references_.size() <= queue) references_.resize(queue + 1U);
    if (!references_[queue]) {
        references_[queue] = std::make_unique<ReferencePool>(fmt::format("famez_ref{}", ++made),
                                                             references_most, socket, memory_);
    }
    return references_[queue].get();
}

std::uint32_t ZeroCopy::held() {
    const std::lock_guard lock(mutex_);
    return settle();
}

std::uint32_t ZeroCopy::settle() {
    std::uint32_t sum = 0;
    for (const auto& pool : references_)
        sum += pool ? pool->settle() : 0;
    return sum;
}

bool ZeroCopy::may_have(std::uint16_t queues) {
    const std::lock_guard lock(mutex_);
    if (queues != queues_ && settle() != 0) return false;
    queues_ = queues;
    return true;
}

void ZeroCopy::resume() {
    const std::lock_guard lock(mutex_);
    paused_ = false;
    for (const auto& pool : references_)
        if (pool) pool->expect_owner();
}

void ZeroCopy::pause() {
    const std::lock_guard lock(mutex_);
    paused_ = true;
    ticks_paused_ = 0;
    for (const auto& pool : references_)
        if (pool) pool->forget_owner();
}

void ZeroCopy::tick() {
    const std::lock_guard lock(mutex_);
    // Not at once: a thread that was freeing by the short way when the port was stopped ends that.
    if (paused_ && ++ticks_paused_ >= 2) settle();
}

rte_mempool* ZeroCopy::make_pool(Fabric& fabric, const PoolWish& wish) {
    if (pool_ != nullptr) throw FabricError("the port has a pool in its arena already");
    Port& port = fabric.port();
    auto loans =
        std::make_unique<LoanTable>(port.region(), port.geometry(), port.id(), port.epoch());
    const ArenaMap& map = loans->map();
    if (!map.usable()) {
        throw FabricError(
            "the fabric has no arenas, or too small ones: see famez_server --arena-size");
    }
    const std::uint64_t unit = std::uint64_t{1} << map.unit_shift;
    const auto units = static_cast<std::uint32_t>((wish.data_room + unit - 1) / unit);
    if (units == 0 || units * unit > UINT16_MAX) {
        throw FabricError(fmt::format("buffers of {} bytes: they can have 1 to {}", wish.data_room,
                                      UINT16_MAX / unit * unit));
    }
    loans_ = std::move(loans);
    fabric.lend_from(*loans_);
    // What a predecessor of this port lent to those who live may still be read (Z4).
    const auto give_up = std::chrono::steady_clock::now() + patience;
    std::uint32_t out = fabric.take_back();
    while (out != 0 && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        out = fabric.take_back();
    }
    auto pieces = free_pieces(*loans_, units, wish.count);
    if (pieces.empty()) {
        throw FabricError(fmt::format(
            "the port's arena has {} units of {} bytes, {} of them still held by other ports: too "
            "few "
            "for {} buffers of {}; give the server a larger --arena-size, or ask for fewer buffers",
            map.units, unit, out, wish.count, units * unit));
    }
    pool_ = rte_pktmbuf_pool_create_extbuf(wish.name, wish.count, wish.cache, wish.private_bytes,
                                           wish.data_room, wish.socket, pieces.data(),
                                           static_cast<unsigned>(pieces.size()));
    if (pool_ == nullptr) {
        throw FabricError(fmt::format("no memory for the headers of {} buffers: {}", wish.count,
                                      rte_strerror(rte_errno)));
    }
    return pool_;
}

void ZeroCopy::make_copies(Fabric& fabric, std::uint32_t count, std::uint32_t frame_max,
                           int socket) {
    static std::atomic<unsigned> made;
    if (pool_ == nullptr) {
        // Buffers are whole units. Longer frames go through the lane.
        const std::uint32_t unit = 1U << ArenaMap::of(fabric.port().geometry()).unit_shift;
        const auto room = static_cast<std::uint16_t>(std::min(frame_max, UINT16_MAX / unit * unit));
        const std::string name = fmt::format("famez_lend{}", ++made);
        make_pool(fabric, {name.c_str(), count, 0, 0, room, socket});
        copied_max_ = room;
    }
    if (copied_max_ == 0) return;
    // Where they wait for the next frame, so that sending allocates nothing.
    for (std::uint32_t lane = 0; lane < fabric.port().lanes(); ++lane)
        fabric.back(lane).reserve(count);
}

}  // namespace famez::pmd
