// SPDX-License-Identifier: BSD-3-Clause
//
// The hot path. FAMEZ_ISA names the instance: see meson.build. Everything that is not inlined here
// is instantiated elsewhere (fabric/instances.cc), so that no code of one level serves another.
#include "burst.h"

#include <cstddef>
#include <cstring>

#include <rte_branch_prediction.h>

#include "mac.h"
#include "queue.h"

namespace famez::pmd::FAMEZ_ISA {
namespace {

using record::small_bytes;

// ---- receive ----

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
[[gnu::noinline]] rte_mbuf* scatter(RxQueue& queue, const std::byte* payload,
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

// What is no frame for this port: longer than its MTU, or nothing that a driver sends (empty, or a
// part of a message: a frame is one record).
[[gnu::noinline]] void refuse(const RxQueue& queue) {
    add(queue.counters->too_long, 1);
}

// Makes packets of the records of one poll.
struct Frames {
    RxQueue& queue;
    rte_mbuf** packets;
    Stash stash;
    std::uint32_t received = 0;
    std::uint32_t kept = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kept_bytes = 0;

    Frames(RxQueue& from, rte_mbuf** to) : queue(from), packets(to), stash(from) {}
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;

    [[gnu::always_inline]] bool operator()(const std::byte* payload, std::uint32_t length,
                                           std::uint32_t flags) {
        rte_mbuf* buffer = nullptr;
        if (flags != 0 || length - 1 >= queue.frame_max) [[unlikely]] {
            refuse(queue);
            return true;
        }
        if (length <= small_bytes) [[likely]] {
            buffer = stash.take();
            if (buffer == nullptr) return false;
            // Ring and buffer both have room for it: a copy of fixed size.
            std::memcpy(stash.arm(buffer, length), payload, small_bytes);
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
            length - 1 < queue.frame_max) {
            header = queue.references->take();
        }
        if (header == nullptr) {
            return (*this)(reference.data, length, 0) ? Referred::done : Referred::later;
        }
        // It is in the sender's cache; the application will want it, and soon.
        __builtin_prefetch(reference.data);
        attach(header, reference.data, length);
        ReferencePool::lend(header, &lane.credits(), reference.cookie);
        packets[received++] = header;
        bytes += length;
        ++kept;
        kept_bytes += length;
        return Referred::kept;
    }

  private:
    [[gnu::always_inline]] void attach(rte_mbuf* header, const std::byte* data,
                                       std::uint32_t length) const {
        const MbufRearm rearm{0, 1, 1, queue.rearm.port, RTE_MBUF_F_EXTERNAL};
        const MbufLengths lengths{0, length, static_cast<std::uint16_t>(length), 0, 0};
        header->buf_addr = const_cast<std::byte*>(data);
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
    }
    return static_cast<std::uint16_t>(frames.received);
}

// ---- transmit ----

// Copies one frame into the lane; false when the lane is full. A frame that no record can hold is
// swallowed and counted.
template <class Burst>
[[gnu::noinline]] bool append_chain(Burst& burst, const TxQueue& queue, const rte_mbuf* frame,
                                    std::uint64_t& sent) {
    const std::uint32_t length = frame->pkt_len;
    std::uint64_t sum = 0;
    for (const rte_mbuf* part = frame; part != nullptr; part = part->next)
        sum += part->data_len;
    if (length == 0 || length > queue.frame_max || sum != length) {
        add(queue.counters->invalid_dropped, 1);
        return true;
    }
    std::byte* to = burst.append(length);
    if (to == nullptr) return false;
    for (const rte_mbuf* part = frame; part != nullptr; part = part->next) {
        std::memcpy(to, rte_pktmbuf_mtod(part, const void*), part->data_len);
        to += part->data_len;
    }
    ++sent;
    return true;
}

template <class Burst>
[[gnu::always_inline]] inline bool append_frame(Burst& burst, const TxQueue& queue,
                                                const rte_mbuf* frame, std::uint64_t& sent) {
    const std::uint32_t length = frame->data_len;
    const auto* data = static_cast<const char*>(frame->buf_addr) + frame->data_off;
    // One unsigned comparison for both ends: a length of 0 wraps to a huge one.
    const bool small = length - 1 < small_bytes && frame->data_off + small_bytes <= frame->buf_len;
    if (small && frame->nb_segs == 1) [[likely]] {
        if (!burst.append_small(data, length)) return false;
        ++sent;
        return true;
    }
    if (frame->nb_segs == 1 && length - 1 < queue.frame_max) {
        std::byte* to = burst.append(length);
        if (to == nullptr) return false;
        std::memcpy(to, data, length);
        ++sent;
        return true;
    }
    return append_chain(burst, queue, frame, sent);
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

// Shorter frames are copied: a reference and its credit cost more.
constexpr std::uint32_t lent_bytes_min = 256;

// Frees the buffers that have come back.
[[gnu::always_inline]] inline void free_returned(const TxQueue& queue, OwnersBack& back) {
    if (back.empty()) return;
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
                                              rte_mbuf* frame) {
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
    return burst.append_reference(slot, frame, offset, frame->data_len) ? Lent::yes
                                                                        : Lent::lane_full;
}

template <class Memory>
[[gnu::always_inline]] inline Sender<Memory>& sender_of(const TxQueue& queue) {
    return *static_cast<Sender<Memory>*>(queue.sender);
}

// Sends frames to one destination; returns how many were taken. The lane must be ready.
template <class Memory>
[[gnu::always_inline]] inline std::uint32_t send_run(TxQueue& queue, std::uint32_t destination,
                                                     rte_mbuf** frames, std::uint32_t count) {
    typename Producer<Memory>::Burst burst(sender_of<Memory>(queue).to(destination));
    std::uint64_t bytes = 0;
    std::uint64_t sent = 0;
    std::uint32_t done = 0;
    for (; done < count; ++done) {
        const std::uint64_t before = sent;
        if (!append_frame(burst, queue, frames[done], sent)) break;
        bytes += sent != before ? frames[done]->pkt_len : 0;
    }
    burst.finish(sent);
    sender_of<Memory>(queue).notify(destination);
    add(queue.counters->messages, sent);
    add(queue.counters->bytes, bytes);
    release(queue, frames, done);
    if (done < count) [[unlikely]] {
        add(queue.counters->full, 1);
        sender_of<Memory>(queue).service(destination);
    }
    return done;
}

// The same for a port that lends. Frames that are lent are the lane's until they come back; the
// others move to the front of `frames`, to be released together.
template <class Memory>
[[gnu::always_inline]] inline std::uint32_t lend_run(TxQueue& queue, std::uint32_t destination,
                                                     rte_mbuf** frames, std::uint32_t count) {
    auto& sender = sender_of<Memory>(queue);
    auto& lane = sender.to(destination);
    // Many at once: the line in which the next credit will come is the receiver's to write.
    if (lane.loans().out() >= queue.collect_at) lane.loans().collect();
    free_returned(queue, sender.back());
    typename Producer<Memory>::Burst burst(lane);
    std::uint64_t bytes = 0;
    std::uint64_t sent = 0;
    std::uint64_t lent_bytes = 0;
    std::uint32_t lent = 0;
    std::uint32_t done = 0;
    for (; done < count; ++done) {
        rte_mbuf* const frame = frames[done];
        const Lent verdict = lend_frame(burst, lane, queue, frame);
        if (verdict == Lent::yes) {
            ++lent;
            lent_bytes += frame->data_len;
            continue;
        }
        const std::uint64_t before = sent;
        if (verdict == Lent::lane_full || !append_frame(burst, queue, frame, sent)) break;
        bytes += sent != before ? frame->pkt_len : 0;
        frames[done - lent] = frame;
    }
    burst.finish(sent + lent);
    sender.notify(destination);
    add(queue.counters->messages, sent + lent);
    add(queue.counters->bytes, bytes + lent_bytes);
    add(queue.counters->references, lent);
    add(queue.counters->reference_bytes, lent_bytes);
    release(queue, frames, done - lent);
    if (done < count) [[unlikely]] {
        add(queue.counters->full, 1);
        sender.service(destination);
    }
    return done;
}

template <class Memory, bool lending>
[[gnu::always_inline]] inline std::uint32_t run(TxQueue& queue, std::uint32_t destination,
                                                rte_mbuf** frames, std::uint32_t count) {
    return lending ? lend_run<Memory>(queue, destination, frames, count)
                   : send_run<Memory>(queue, destination, frames, count);
}

template <class Memory>
[[gnu::always_inline]] inline bool ready(Sender<Memory>& sender, std::uint32_t destination) {
    return sender.to(destination).ready() || sender.service(destination);
}

template <class Memory, bool lending>
std::uint16_t tx_link(void* opaque, rte_mbuf** frames, std::uint16_t count) {
    auto& queue = *static_cast<TxQueue*>(opaque);
    auto& sender = sender_of<Memory>(queue);
    sender.housekeep();
    if constexpr (lending) free_returned(queue, sender.back());
    if (!ready(sender, queue.peer)) [[unlikely]]
        return 0;
    return static_cast<std::uint16_t>(run<Memory, lending>(queue, queue.peer, frames, count));
}

// A copy to one of many, best effort: a port that is full costs itself its copy.
template <class Memory>
[[gnu::noinline]] void send_copy(TxQueue& queue, std::uint32_t id, const rte_mbuf* frame) {
    auto& sender = sender_of<Memory>(queue);
    std::uint64_t sent = 0;
    if (ready(sender, id)) {
        typename Producer<Memory>::Burst burst(sender.to(id));
        append_frame(burst, queue, frame, sent);
        burst.finish(sent);
        sender.notify(id);
    }
    add(queue.counters->messages, sent);
    add(queue.counters->bytes, sent * frame->pkt_len);
    if (sent == 0) add(queue.counters->flood_dropped, 1);
}

// Frames for one address that is nobody's alone: a group's, or unknown.
template <class Memory>
[[gnu::noinline]] void flood(TxQueue& queue, rte_mbuf** frames, std::uint32_t count) {
    auto& sender = sender_of<Memory>(queue);
    const std::uint64_t address = address_at(rte_pktmbuf_mtod(frames[0], const void*));
    bool heard = is_group_address(address);
    queue.book->current().each_hearer(address, [&](std::uint32_t id) {
        if (id == queue.port->id() || !sender.up(id) || queue.port->stale(id)) return;
        heard = true;
        for (std::uint32_t i = 0; i < count; ++i)
            send_copy<Memory>(queue, id, frames[i]);
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

template <class Memory, bool lending>
std::uint16_t tx_fabric(void* opaque, rte_mbuf** frames, std::uint16_t count) {
    auto& queue = *static_cast<TxQueue*>(opaque);
    auto& sender = sender_of<Memory>(queue);
    sender.housekeep();
    if constexpr (lending) free_returned(queue, sender.back());
    const std::uint32_t prefix = queue.mac_prefix;
    std::uint32_t done = 0;
    while (done < count) {
        const std::uint32_t length = run_length(frames + done, count - done);
        const void* mac = rte_pktmbuf_mtod(frames[done], const void*);
        std::uint32_t id = id_of(mac, prefix);
        if (id == 0) [[unlikely]]
            id = queue.book->current().recipient(address_at(mac), queue.port->id());
        if (id - 1 < sender.ports() && id != queue.port->id() && ready(sender, id)) {
            const std::uint32_t sent = run<Memory, lending>(queue, id, frames + done, length);
            if (sent < length && !give_up<Memory>(queue, id, length - sent)) return done + sent;
            release(queue, frames + done + sent, length - sent);
        } else if (id == 0) {
            flood<Memory>(queue, frames + done, length);
            release(queue, frames + done, length);
        } else {
            if (!give_up<Memory>(queue, id, length)) break;
            release(queue, frames + done, length);
        }
        done += length;
    }
    return static_cast<std::uint16_t>(done);
}

template <class Memory>
constexpr BurstPath path{rx<Receiver<Memory>>,   rx<ReceiverSet<Memory>>,
                         tx_link<Memory, false>, tx_fabric<Memory, false>,
                         tx_link<Memory, true>,  tx_fabric<Memory, true>};

}  // namespace

const BurstFunctions functions{
#define FAMEZ_STRING(x) #x
#define FAMEZ_NAME(x) FAMEZ_STRING(x)
    FAMEZ_NAME(FAMEZ_ISA), path<WriteBack>, path<Weak>};

}  // namespace famez::pmd::FAMEZ_ISA
