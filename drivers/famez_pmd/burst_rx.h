// SPDX-License-Identifier: BSD-3-Clause
//
// The hot path, receiving: records of a poll become packets. Part of burst.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <rte_branch_prediction.h>

#include "checksums.h"
#include "queue.h"

namespace famez::pmd::FAMEZ_ISA {
namespace {

// Empty buffers at hand, and the words that a receive writes, in registers during a poll.
struct Stash {
    RxQueue& queue;
    std::uint32_t count;
    const MbufRearm rearm;

    [[gnu::always_inline]] explicit Stash(RxQueue& from)
        : queue(from), count(from.stashed), rearm(from.rearm) {}
    Stash(const Stash&) = delete;
    Stash& operator=(const Stash&) = delete;
    [[gnu::always_inline]] ~Stash() { queue.stashed = count; }

    // nullptr when the pool is empty.
    [[gnu::always_inline]] rte_mbuf* take() {
        if (count == 0) [[unlikely]]
            count = refill(queue);
        return count == 0 ? nullptr : queue.stash[--count];
    }

    // Two wide stores set all of the first line that an application reads. `next` is untouched: it
    // is NULL in every buffer of a pool.
    [[gnu::always_inline]] void* arm(rte_mbuf* buffer, std::uint32_t length) const {
        const MbufLengths lengths{0, length, static_cast<std::uint16_t>(length), 0, 0};
        std::memcpy(&buffer->rearm_data, &rearm, sizeof rearm);
        std::memcpy(&buffer->rx_descriptor_fields1, &lengths, sizeof lengths);
        return static_cast<char*>(buffer->buf_addr) + rearm.data_off;
    }

  private:
    // Returns how many there are now.
    [[gnu::noinline]] static std::uint32_t refill(RxQueue& from) {
        auto** table = reinterpret_cast<void**>(from.stash);
        if (rte_mempool_get_bulk(from.pool, table, RxQueue::stash_size) == 0) {
            return RxQueue::stash_size;
        }
        // A pool that runs low still serves single buffers.
        if (rte_mempool_get(from.pool, table) == 0) return 1;
        add(from.counters->no_buffer, 1);
        return 0;
    }
};

// A frame longer than a buffer: a chain. nullptr when the pool has not enough for all of it.
[[gnu::noinline]] inline rte_mbuf* scatter(RxQueue& queue, const std::byte* payload,
                                           std::uint32_t length) {
    Stash stash(queue);
    rte_mbuf* head = nullptr;
    rte_mbuf** link = &head;
    std::uint16_t segments = 0;
    std::uint32_t done = 0;
    do {
        rte_mbuf* buffer = stash.take();
        if (buffer == nullptr) {
            if (head != nullptr) head->nb_segs = segments;
            rte_pktmbuf_free(head);
            return nullptr;
        }
        const std::uint32_t part = std::min(length - done, queue.room);
        std::memcpy(stash.arm(buffer, part), payload + done, part);
        done += part;
        *link = buffer;
        link = &buffer->next;
        ++segments;
    } while (done < length);
    head->nb_segs = segments;
    head->pkt_len = length;
    return head;
}

// Is it no frame for this port? One longer than its MTU is none, nor what a driver does not send it
// (empty, a part of a message: a frame is one record; or without checksums, just after it gave up
// on those).
[[gnu::noinline]] inline bool refused(const RxQueue& queue, std::uint32_t length,
                                      std::uint32_t flags) {
    if ((flags & ~queue.unsummed) == 0 && length - 1 < queue.frame_max) return false;
    add(queue.counters->too_long, 1);
    return true;
}

// Makes packets of the records of one poll.
struct Frames {
    RxQueue& queue;
    rte_mbuf** packets;
    Stash stash;
    std::uint32_t received = 0;
    std::uint32_t kept = 0;
    std::uint32_t unsummed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kept_bytes = 0;

    Frames(RxQueue& from, rte_mbuf** to) : queue(from), packets(to), stash(from) {}
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;

    [[gnu::always_inline]] bool operator()(const std::byte* payload, std::uint32_t length,
                                           std::uint32_t flags) {
        rte_mbuf* buffer = nullptr;
        if (flags != 0 || length - 1 >= queue.frame_max) [[unlikely]] {
            if (refused(queue, length, flags)) return true;
        }
        if (length <= record::small_bytes) [[likely]] {
            buffer = stash.take();
            if (buffer == nullptr) return false;
            // Ring and buffer both have room for it: a copy of fixed size.
            std::memcpy(stash.arm(buffer, length), payload, record::small_bytes);
        } else if (length <= queue.room) {
            buffer = stash.take();
            if (buffer == nullptr) return false;
            std::memcpy(stash.arm(buffer, length), payload, length);
        } else {
            queue.stashed = stash.count;
            buffer = scatter(queue, payload, length);
            stash.count = queue.stashed;
            if (buffer == nullptr) return false;
        }
        if (flags != 0) [[unlikely]] {
            buffer->ol_flags |= rx_flags(flags);
            ++unsummed;
        }
        packets[received++] = buffer;
        bytes += length;
        return true;
    }

    // The bytes lie in the sender's arena. They stay there if it is trusted.
    template <class Lane>
    [[gnu::always_inline]] Referred refer(const Reference& reference, Lane& lane) {
        const std::uint32_t length = reference.length;
        rte_mbuf* header = nullptr;
        if (queue.references != nullptr && queue.trusted[lane.source()] &&
            length - 1 < queue.frame_max && (reference.flags & ~queue.unsummed) == 0) {
            header = queue.references->take();
        }
        if (header == nullptr) {
            return (*this)(reference.data, length, reference.flags) ? Referred::done
                                                                    : Referred::later;
        }
        // It is in the sender's cache; the application will want it, and soon.
        __builtin_prefetch(reference.data);
        attach(header, reference);
        unsummed += reference.flags != 0 ? 1 : 0;
        ReferencePool::lend(header, &lane.credits(), reference.cookie);
        packets[received++] = header;
        bytes += length;
        ++kept;
        kept_bytes += length;
        return Referred::kept;
    }

  private:
    [[gnu::always_inline]] void attach(rte_mbuf* header, const Reference& reference) const {
        const std::uint32_t length = reference.length;
        const MbufRearm rearm{0, 1, 1, queue.rearm.port,
                              RTE_MBUF_F_EXTERNAL | rx_flags(reference.flags)};
        const MbufLengths lengths{0, length, static_cast<std::uint16_t>(length), 0, 0};
        header->buf_addr = const_cast<std::byte*>(reference.data);
        std::memcpy(&header->rearm_data, &rearm, sizeof rearm);
        std::memcpy(&header->rx_descriptor_fields1, &lengths, sizeof lengths);
        header->buf_len = static_cast<std::uint16_t>(length);
    }
};

// From a Receiver or a ReceiverSet.
template <class Source>
std::uint16_t rx(void* opaque, rte_mbuf** packets, std::uint16_t count) {
    auto& queue = *static_cast<RxQueue*>(opaque);
    auto& receiver = *static_cast<Source*>(queue.receiver);
    if (queue.references != nullptr) queue.references->begin_poll();
    Frames frames(queue, packets);
    receiver.poll(count, frames);
    if (frames.received != 0) {
        add(queue.counters->messages, frames.received);
        add(queue.counters->bytes, frames.bytes);
        if (frames.kept != 0) {
            add(queue.counters->references, frames.kept);
            add(queue.counters->reference_bytes, frames.kept_bytes);
        }
        if (frames.unsummed != 0) add(queue.counters->unsummed, frames.unsummed);
    }
    return static_cast<std::uint16_t>(frames.received);
}

}  // namespace
}  // namespace famez::pmd::FAMEZ_ISA
