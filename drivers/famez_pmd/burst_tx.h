// SPDX-License-Identifier: BSD-3-Clause
//
// The hot path, sending: frames of a burst become records, or references to them. Part of
// burst.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <rte_branch_prediction.h>

#include "burst.h"
#include "checksums.h"
#include "mac.h"
#include "queue.h"
#include "spare_buffers.h"

namespace famez::pmd::FAMEZ_ISA {
namespace {

[[gnu::always_inline]] inline std::uint32_t length_of(const rte_mbuf* frame) {
    return frame->nb_segs == 1 ? frame->data_len : frame->pkt_len;
}

// Are the parts of a chain together as long as its head says?
[[gnu::noinline]] inline bool adds_up(const rte_mbuf* frame) {
    std::uint64_t sum = 0;
    for (const rte_mbuf* part = frame; part != nullptr; part = part->next)
        sum += part->data_len;
    return sum == frame->pkt_len;
}

[[gnu::noinline]] inline void gather(std::byte* to, const rte_mbuf* frame) {
    for (const rte_mbuf* part = frame; part != nullptr; part = part->next) {
        std::memcpy(to, rte_pktmbuf_mtod(part, const void*), part->data_len);
        to += part->data_len;
    }
}

// Copies one frame into the lane; false when the lane is full. A frame that no record can hold is
// swallowed and counted. `sums`: with the checksums that it leaves to its port.
template <bool sums, class Burst>
[[gnu::noinline]] bool append_chain(Burst& burst, const TxQueue& queue, const rte_mbuf* frame,
                                    std::uint32_t flags, std::uint64_t& sent) {
    const std::uint32_t length = frame->pkt_len;
    if (length == 0 || length > queue.frame_max || !adds_up(frame)) {
        add(queue.counters->invalid_dropped, 1);
        return true;
    }
    std::byte* to = burst.append(length, flags);
    if (to == nullptr) return false;
    gather(to, frame);
    if constexpr (sums) write_checksums(frame, to);
    ++sent;
    return true;
}

template <class Burst>
[[gnu::always_inline]] inline bool append_frame(Burst& burst, const TxQueue& queue,
                                                const rte_mbuf* frame, std::uint32_t flags,
                                                std::uint64_t& sent) {
    const std::uint32_t length = frame->data_len;
    const auto* data = static_cast<const char*>(frame->buf_addr) + frame->data_off;
    // One unsigned comparison for both ends: a length of 0 wraps to a huge one.
    const bool small =
        length - 1 < record::small_bytes && frame->data_off + record::small_bytes <= frame->buf_len;
    if (small && frame->nb_segs == 1) [[likely]] {
        if (!burst.append_small(data, length, flags)) return false;
        ++sent;
        return true;
    }
    if (frame->nb_segs == 1 && length - 1 < queue.frame_max) {
        std::byte* to = burst.append(length, flags);
        if (to == nullptr) return false;
        std::memcpy(to, data, length);
        ++sent;
        return true;
    }
    return append_chain<false>(burst, queue, frame, flags, sent);
}

[[gnu::always_inline]] inline void release(const TxQueue& queue, rte_mbuf** frames,
                                           std::uint32_t count) {
    if (count == 0) return;
    if (queue.fast_free) {
        // One pool, one reference each: the application has promised.
        rte_mempool_put_bulk(frames[0]->pool, reinterpret_cast<void**>(frames), count);
    } else {
        rte_pktmbuf_free_bulk(frames, count);
    }
}

// ---- lending ----

// Shorter frames are copied into the lane: a reference and its credit cost more
// (doc/performance.md).
inline constexpr std::uint32_t lent_bytes_min = 256;
// Shorter ones of other pools: a buffer of ours must be fetched too.
inline constexpr std::uint32_t copied_bytes_min = 384;

// Frees the buffers that have come back. Those that we copy into wait there for the next copies.
[[gnu::always_inline]] inline void free_returned(const TxQueue& queue, OwnersBack& back) {
    if (back.empty() || queue.copied_max != 0) return;
    auto** frames = reinterpret_cast<rte_mbuf**>(back.data());
    const auto count = static_cast<std::uint32_t>(back.size());
    if (queue.fast_free) {
        rte_mempool_put_bulk(queue.lent_pool, back.data(), count);
    } else {
        rte_pktmbuf_free_bulk(frames, count);
    }
    back.clear();
}

enum class Lent : std::uint8_t { yes, no_copy_it, lane_full };

// A frame in a buffer of our arena goes as a reference to it.
template <class Burst, class Lane>
[[gnu::always_inline]] inline Lent lend_frame(Burst& burst, Lane& lane, const TxQueue& queue,
                                              rte_mbuf* frame, std::uint32_t flags) {
    if (frame->pool != queue.lent_pool || frame->nb_segs != 1 || frame->data_len < lent_bytes_min ||
        frame->data_len > queue.frame_max || rte_mbuf_refcnt_read(frame) != 1 ||
        // Clones of it count there; who asks for fast free promises that there are none.
        (!queue.fast_free && rte_mbuf_ext_refcnt_read(frame->shinfo) != 1)) {
        return Lent::no_copy_it;
    }
    if (!lane.may_lend()) [[unlikely]]
        return lane.waits_for_credits() ? Lent::lane_full : Lent::no_copy_it;
    const auto* buffer = static_cast<const std::byte*>(frame->buf_addr);
    const std::uint32_t slot = queue.loans->slot_of(buffer);
    if (slot >= queue.loans->map().units) [[unlikely]]
        return Lent::no_copy_it;
    const auto offset = static_cast<std::uint32_t>(buffer + frame->data_off - queue.loans->arena());
    return burst.append_reference(slot, frame, offset, frame->data_len, flags) ? Lent::yes
                                                                               : Lent::lane_full;
}

// A frame in a buffer of any other pool is copied into one of ours, and that goes. The receiver
// does not copy it, then: of a frame of which it looks at the first line only, the others do not
// even leave this processor's cache.
template <class Burst, class Lane>
[[gnu::always_inline]] inline Lent lend_copy(Burst& burst, Lane& lane, TxQueue& queue,
                                             OwnersBack& spares, const rte_mbuf* frame,
                                             std::uint32_t flags) {
    const std::uint32_t length = length_of(frame);
    if (length < copied_bytes_min || length > queue.copied_max || !lane.keeps_references() ||
        lane.loans().out() >= queue.copied_most || (frame->nb_segs != 1 && !adds_up(frame))) {
        return Lent::no_copy_it;
    }
    if (!lane.may_lend()) [[unlikely]]
        return lane.waits_for_credits() ? Lent::lane_full : Lent::no_copy_it;
    if (spares.empty()) [[unlikely]] {
        if (queue.spares_left != 0) get_spares(queue, spares);
        if (spares.empty()) return Lent::no_copy_it;
    }
    auto* const buffer = static_cast<rte_mbuf*>(spares.back());
    auto* const to = static_cast<std::byte*>(buffer->buf_addr);
    if (frame->nb_segs == 1) [[likely]] {
        std::memcpy(to, rte_pktmbuf_mtod(frame, const void*), length);
    } else {
        gather(to, frame);
    }
    const auto offset = static_cast<std::uint32_t>(to - queue.loans->arena());
    if (!burst.append_reference(queue.loans->slot_of(to), buffer, offset, length, flags)) {
        return Lent::lane_full;
    }
    spares.pop_back();
    return Lent::yes;
}

// ---- checksums ----

// What becomes of the checksums that a frame leaves to its port.
struct Sums {
    std::uint32_t left_out = 0;  // flags of its record
    bool compute = false;
};

template <Tx way, class Lane>
[[gnu::always_inline]] inline Sums settle(const Lane& lane, const rte_mbuf* frame) {
    if constexpr (way != Tx::unsummed) return {};
    const std::uint32_t asked = asked_checksums(frame);
    const bool left_out = lane.takes_unsummed() && may_go_without(frame);
    return {left_out ? asked : 0, asked != 0 && !left_out};
}

template <class Burst>
[[gnu::always_inline]] inline bool append_settled(Burst& burst, const TxQueue& queue,
                                                  const rte_mbuf* frame, Sums sums,
                                                  std::uint64_t& sent) {
    if (sums.compute) [[unlikely]]
        return append_chain<true>(burst, queue, frame, 0, sent);
    return append_frame(burst, queue, frame, sums.left_out, sent);
}

template <class Memory>
[[gnu::always_inline]] inline Sender<Memory>& sender_of(const TxQueue& queue) {
    return *static_cast<Sender<Memory>*>(queue.sender);
}

template <Tx way, class Burst, class Lane>
[[gnu::always_inline]] inline Lent lend(Burst& burst, Lane& lane, TxQueue& queue,
                                        OwnersBack& spares, rte_mbuf* frame, Sums sums) {
    if constexpr (way == Tx::plain) return Lent::no_copy_it;
    // Checksums are computed into a copy, which alone is ours to write to.
    if (sums.compute) return Lent::no_copy_it;
    return queue.copied_max != 0 ? lend_copy(burst, lane, queue, spares, frame, sums.left_out)
                                 : lend_frame(burst, lane, queue, frame, sums.left_out);
}

// What a run has done, besides the frames that it has copied.
struct Tally {
    std::uint64_t bytes = 0;  // of those
    std::uint64_t lent_bytes = 0;
    std::uint32_t references = 0;
    std::uint32_t without_sums = 0;
};

template <Tx way>
[[gnu::always_inline]] inline void count_run(TxCounters& counters, const Tally& tally,
                                             std::uint64_t sent) {
    add(counters.messages, sent + tally.references);
    add(counters.bytes, tally.bytes + tally.lent_bytes);
    if constexpr (way != Tx::plain) {
        add(counters.references, tally.references);
        add(counters.reference_bytes, tally.lent_bytes);
    }
    if constexpr (way == Tx::unsummed) add(counters.unsummed, tally.without_sums);
}

// Sends frames to one destination; returns how many were taken. The lane must be ready. Frames that
// are lent are the lane's until they come back; the others move to the front of `frames`, to be
// released together.
template <class Memory, Tx way>
[[gnu::always_inline]] inline std::uint32_t run(TxQueue& queue, std::uint32_t destination,
                                                rte_mbuf** frames, std::uint32_t count) {
    constexpr bool lending = way != Tx::plain;
    auto& sender = sender_of<Memory>(queue);
    auto& lane = sender.to(destination);
    if constexpr (lending) {
        // Many at once: the line in which the next credit will come is the receiver's to write.
        if (lane.loans().out() >= queue.collect_at) lane.loans().collect();
        free_returned(queue, sender.back());
    }
    typename Producer<Memory>::Burst burst(lane);
    Tally tally;
    std::uint64_t sent = 0;
    std::uint32_t gone = 0;  // frames that are the lane's now
    std::uint32_t done = 0;
    const bool copies = lending && queue.copied_max != 0;
    for (; done < count; ++done) {
        rte_mbuf* const frame = frames[done];
        const Sums sums = settle<way>(lane, frame);
        const Lent verdict = lend<way>(burst, lane, queue, sender.back(), frame, sums);
        if (verdict == Lent::lane_full) break;
        const std::uint64_t before = sent;
        if (verdict == Lent::yes) {
            ++tally.references;
            tally.lent_bytes += length_of(frame);
        } else {
            if (!append_settled(burst, queue, frame, sums, sent)) break;
            tally.bytes += sent != before ? frame->pkt_len : 0;
        }
        if constexpr (way == Tx::unsummed) {
            const bool went = verdict == Lent::yes || sent != before;
            tally.without_sums += sums.left_out != 0 && went ? 1 : 0;
        }
        if (verdict == Lent::yes && !copies) {
            ++gone;
            continue;
        }
        if constexpr (lending) frames[done - gone] = frame;
    }
    burst.finish(sent + tally.references);
    sender.notify(destination);
    count_run<way>(*queue.counters, tally, sent);
    release(queue, frames, done - gone);
    if (done < count) [[unlikely]] {
        add(queue.counters->full, 1);
        sender.service(destination);
    }
    return done;
}

template <class Memory>
[[gnu::always_inline]] inline bool ready(Sender<Memory>& sender, std::uint32_t destination) {
    return sender.to(destination).ready() || sender.service(destination);
}

template <class Memory, Tx way>
std::uint16_t tx_link(void* opaque, rte_mbuf** frames, std::uint16_t count) {
    auto& queue = *static_cast<TxQueue*>(opaque);
    auto& sender = sender_of<Memory>(queue);
    sender.housekeep();
    if constexpr (way != Tx::plain) free_returned(queue, sender.back());
    if (!ready(sender, queue.peer)) [[unlikely]]
        return 0;
    return static_cast<std::uint16_t>(run<Memory, way>(queue, queue.peer, frames, count));
}

// A copy to one of many, with its checksums; best effort: a port that is full costs itself its
// copy.
template <class Memory, Tx way>
[[gnu::noinline]] void send_copy(TxQueue& queue, std::uint32_t id, const rte_mbuf* frame) {
    auto& sender = sender_of<Memory>(queue);
    std::uint64_t sent = 0;
    if (ready(sender, id)) {
        typename Producer<Memory>::Burst burst(sender.to(id));
        const bool asks = way == Tx::unsummed && asked_checksums(frame) != 0;
        append_settled(burst, queue, frame, {0, asks}, sent);
        burst.finish(sent);
        sender.notify(id);
    }
    add(queue.counters->messages, sent);
    add(queue.counters->bytes, sent * frame->pkt_len);
    if (sent == 0) add(queue.counters->flood_dropped, 1);
}

// Frames for one address that is nobody's alone: a group's, or unknown.
template <class Memory, Tx way>
[[gnu::noinline]] void flood(TxQueue& queue, rte_mbuf** frames, std::uint32_t count) {
    auto& sender = sender_of<Memory>(queue);
    const std::uint64_t address = address_at(rte_pktmbuf_mtod(frames[0], const void*));
    bool heard = is_group_address(address);
    queue.book->current().each_hearer(address, [&](std::uint32_t id) {
        if (id == queue.port->id() || !sender.up(id) || queue.port->stale(id)) return;
        heard = true;
        for (std::uint32_t i = 0; i < count; ++i)
            send_copy<Memory, way>(queue, id, frames[i]);
    });
    if (!heard) add(queue.counters->no_port_dropped, count);
}

// The lane to `id` cannot be written to now. True when the frames for it are to be dropped, and
// counted, so that nobody else waits for a port that is not there or stands still.
template <class Memory>
[[gnu::noinline]] bool give_up(const TxQueue& queue, std::uint32_t id, std::uint32_t frames) {
    auto& sender = sender_of<Memory>(queue);
    if (id - 1 >= sender.ports() || id == queue.port->id() || !sender.up(id)) {
        if (id - 1 < sender.ports()) queue.stalls->forget(id);
        add(queue.counters->no_port_dropped, frames);
        return true;
    }
    const std::uint64_t progress = sender.to(id).progress();
    if (!queue.port->stale(id) && !queue.stalls->stalled(id, progress, queue.port->now())) {
        return false;
    }
    add(queue.counters->stalled_dropped, frames);
    return true;
}

// Frames from `frames` on that go where the first one goes.
[[gnu::always_inline]] inline std::uint32_t run_length(rte_mbuf** frames, std::uint32_t count) {
    const void* first = rte_pktmbuf_mtod(frames[0], const void*);
    std::uint32_t length = 1;
    while (length < count && std::memcmp(rte_pktmbuf_mtod(frames[length], const void*), first,
                                         RTE_ETHER_ADDR_LEN) == 0) {
        ++length;
    }
    return length;
}

template <class Memory, Tx way>
std::uint16_t tx_fabric(void* opaque, rte_mbuf** frames, std::uint16_t count) {
    auto& queue = *static_cast<TxQueue*>(opaque);
    auto& sender = sender_of<Memory>(queue);
    sender.housekeep();
    if constexpr (way != Tx::plain) free_returned(queue, sender.back());
    const std::uint32_t prefix = queue.mac_prefix;
    std::uint32_t done = 0;
    while (done < count) {
        const std::uint32_t length = run_length(frames + done, count - done);
        const void* mac = rte_pktmbuf_mtod(frames[done], const void*);
        std::uint32_t id = id_of(mac, prefix);
        if (id == 0) [[unlikely]]
            id = queue.book->current().recipient(address_at(mac), queue.port->id());
        if (id - 1 < sender.ports() && id != queue.port->id() && ready(sender, id)) {
            const std::uint32_t sent = run<Memory, way>(queue, id, frames + done, length);
            if (sent < length && !give_up<Memory>(queue, id, length - sent)) return done + sent;
            release(queue, frames + done + sent, length - sent);
        } else if (id == 0) {
            flood<Memory, way>(queue, frames + done, length);
            release(queue, frames + done, length);
        } else {
            if (!give_up<Memory>(queue, id, length)) break;
            release(queue, frames + done, length);
        }
        done += length;
    }
    return static_cast<std::uint16_t>(done);
}

}  // namespace
}  // namespace famez::pmd::FAMEZ_ISA
