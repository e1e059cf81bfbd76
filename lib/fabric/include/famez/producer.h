// SPDX-License-Identifier: BSD-3-Clause
//
// The writing end of a lane: doc/lane-lifecycle.md has its states and rules (L1 to L7).
//
//     ring:  ... taken | committed records | 0 | free ...        position counts bytes, for ever
//                      ^ published         ^ position            offset = position modulo size
//
// One thread at a time. Of shared memory it reads only the consumer's control line, each word once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <famez/counters.h>
#include <famez/geometry.h>
#include <famez/loans.h>
#include <famez/memory.h>
#include <famez/port_table.h>
#include <famez/record.h>

namespace famez {

enum class ProducerState : std::uint8_t {
    idle,     // no request stands
    asking,   // waiting for the answer to our request
    running,  // granted: may write
};

template <class Memory>
class Producer {
  public:
    class Burst;

    // Binds to the lane from `source` (this port, in its epoch `own`) to `destination`. The
    // counters belong to the thread that uses the producer.
    void bind(std::span<std::byte> region, const Geometry& geometry, std::uint32_t destination,
              std::uint32_t source, std::uint32_t lane, Epoch own, TxCounters& counters) {
        auto& block =
            at<layout::LaneBlock>(region, geometry.lane_offset(destination, source, lane));
        request_line_ = &block.request;
        grant_line_ = &block.grant;
        region_ = region.data();
        slab_offset_ = geometry.slab_offset(destination);
        ring_stride_ = geometry.ring_stride();
        rings_ = geometry.rings_per_slab();
        size_ = geometry.ring_bytes;
        payload_max_ = geometry.payload_max();
        own_epoch_ = own;
        counters_ = &counters;
        nonce_ = load_relaxed(request_line_->last_nonce);
    }

    [[nodiscard]] ProducerState state() const { return state_; }

    // May a burst begin? One load of a line that seldom changes.
    [[nodiscard]] [[gnu::always_inline]] bool ready() const {
        return state_ == ProducerState::running && load_relaxed(grant_line_->ack) == request_;
    }

    // The consumer may be asleep: behind each commit it is to be looked at (Port::wake()). As of
    // the last service() or ask().
    [[nodiscard]] [[gnu::always_inline]] bool may_sleep() const { return may_sleep_; }
    // The references that are out on this lane.
    [[nodiscard]] [[gnu::always_inline]] LaneLoans& loans() { return loans_; }
    // May a reference be appended? As of the last service() or ask(), as far as the consumer goes.
    [[nodiscard]] [[gnu::always_inline]] bool may_lend() const {
        return accepts_references_ && loans_.has_room();
    }
    // When not: because references are out that its consumer is still to come to? Otherwise it
    // holds as many as there are, or takes none, and what is to go on must be copied.
    [[nodiscard]] bool waits_for_credits() {
        if (!accepts_references_ || loans_.peer_epoch() != consumer_epoch_) return false;
        return loans_.some_untaken();
    }
    // Does the consumer leave the bytes of some ports where they are? Otherwise it copies them, and
    // a reference saves it nothing. As of the last service() or ask().
    [[nodiscard]] [[gnu::always_inline]] bool keeps_references() const { return keeps_references_; }
    // Does the consumer take frames without their checksums (record::flags_unsummed)? As of the
    // last service() or ask().
    [[nodiscard]] [[gnu::always_inline]] bool takes_unsummed() const { return takes_unsummed_; }

    // The nonce that stands, or 0: whoever sees it move tells the consumer.
    [[nodiscard]] std::uint64_t request() const { return request_; }

    // Changes whenever the lane moves: it is opened, or the consumer takes records. As of the last
    // service(), or the last time that it was found full.
    [[nodiscard]] std::uint64_t progress() const { return session_ << 44 ^ published_; }

    // Could a small record go now?
    [[nodiscard]] bool has_room() {
        return ready() && room(position_, 2 * record::header_bytes + record::small_bytes);
    }

    // Asks for the lane, unless it is open or asked for already. `peer` must be up. `now` counts
    // ticks of the port's control thread, here and below: patience needs no better clock.
    void ask(const PortView& peer, std::uint32_t now) {
        if (state_ != ProducerState::idle) return;
        nonce_ = (nonce_ + 1) & ~layout::request_nak;
        if (nonce_ == 0) nonce_ = 1;
        request_ = nonce_;
        consumer_epoch_ = peer.epoch;
        note_capabilities(peer);
        store_relaxed(request_line_->last_nonce, nonce_);
        store_relaxed(request_line_->producer_epoch, own_epoch_);
        // The epoch first: the consumer that sees the nonce sees the epoch that it is meant for.
        store_release(request_line_->consumer_epoch, consumer_epoch_);
        Memory::before_commit();
        store_release(request_line_->request, request_);
        Memory::after_control_store();
        state_ = ProducerState::asking;
        asked_at_ = now;
        add(counters_->lanes_requested, 1);
    }

    // Looks at the consumer's answer, progress and incarnation: at each tick, and when the lane is
    // not ready or full. Leaves a session that has ended or stands still, so that the next ask()
    // begins another. Returns true when the lane is running.
    bool service(const PortView& peer, std::uint32_t now) {
        if (loans_.out() != 0) [[unlikely]]
            reconcile_loans(peer);
        if (state_ == ProducerState::idle) return false;
        note_capabilities(peer);
        const std::uint64_t ack = load_acquire(grant_line_->ack);
        if (peer.epoch != consumer_epoch_ || !peer.present()) {
            leave();
            settle(taken_);
        } else if (state_ == ProducerState::asking) {
            if (ack == request_) {
                Memory::after_header_load();
                open(now);
            } else if (ack == (request_ | layout::request_nak) ||
                       now - asked_at_ > patience_ticks) {
                // Refused; or our words were scribbled over and no answer can come.
                leave();
            }
        } else if (ack != request_) {
            add(counters_->lanes_lost, 1);
            leave();
        } else if (stands_still(now)) {
            leave();
        }
        return state_ == ProducerState::running;
    }

    // Lets go of the lane for good.
    void close() {
        if (state_ == ProducerState::idle) return;
        leave();
    }

  private:
    static constexpr std::uint32_t patience_ticks = 20;  // a second

    void note_capabilities(const PortView& peer) {
        may_sleep_ = peer.may_sleep();
        accepts_references_ = peer.accepts_references();
        keeps_references_ = peer.keeps_references();
        takes_unsummed_ = peer.takes_unsummed();
    }

    // Takes back what the consumer's words, or its end, say is not read any more. A port that is
    // absent in the same epoch may still be reading.
    void reconcile_loans(const PortView& peer) {
        loans_.collect();
        const bool nak = (load_acquire(grant_line_->ack) & layout::request_nak) != 0;
        if (peer.epoch != loans_.peer_epoch()) {
            loans_.take_back_all();
        } else if (state_ == ProducerState::running) {
            loans_.take_back_if_none_is_held();
        } else if (nak) {
            loans_.take_back_untaken();
            loans_.take_back_if_none_is_held();
        }
    }

    // Takes over the ring that the consumer granted, if it lies where a ring can lie.
    void open(std::uint32_t now) {
        look_at_final();
        settle(taken_);
        loans_.open(consumer_epoch_);
        const std::uint64_t offset = load_relaxed(grant_line_->ring_offset);
        const std::uint64_t in_slab = offset - slab_offset_;  // wraps to a huge value when below
        if (in_slab % ring_stride_ != 0 || in_slab / ring_stride_ >= rings_) {
            leave();
            return;
        }
        ring_ = region_ + offset;
        position_ = 0;
        published_ = 0;
        sent_ = 0;
        header_ = record::header_base(record::Kind::data, 0);
        state_ = ProducerState::running;
        unsettled_ = true;
        session_ = request_;
        taken_ = 0;
        moved_at_ = now;
        add(counters_->lanes_opened, 1);
    }

    // Records wait, and none was taken for long, whatever the reason: a consumer that is stopped,
    // or ring words that somebody destroyed. A fresh request mends what can be mended: the consumer
    // first takes what it finds, so nothing that it could take is lost.
    bool stands_still(std::uint32_t now) {
        const std::uint64_t before = published_;
        refresh();
        if (published_ != before || published_ == position_) moved_at_ = now;
        return now - moved_at_ > patience_ticks;
    }

    void leave() {
        if (state_ == ProducerState::running) taken_ = load_relaxed(grant_line_->taken);
        look_at_final();
        // A close: the consumer may give the ring to others from here on. ready() is false now, so
        // no store to the ring comes after this one.
        Memory::before_commit();
        store_release(request_line_->request, std::uint64_t{0});
        Memory::after_control_store();
        request_ = 0;
        state_ = ProducerState::idle;
    }

    // The consumer's exact count of our last session, while that is the one it speaks of.
    void look_at_final() {
        if (load_relaxed(grant_line_->final_request) == session_) {
            taken_ = load_relaxed(grant_line_->final_taken);
        }
    }

    // The last session is over and its consumer took `taken` of its messages.
    void settle(std::uint64_t taken) {
        if (!unsettled_) return;
        unsettled_ = false;
        add(counters_->lost_in_flight, sent_ - std::min(taken, sent_));
    }

    void refresh() {
        const std::uint64_t told = load_acquire(grant_line_->position);
        Memory::after_header_load();
        // L7: a position that goes back or passes our own is a lie; ours stays.
        if (told > published_ && told <= position_) published_ = told;
    }

    [[nodiscard]] bool room(std::uint64_t position, std::uint64_t bytes) {
        if (position + bytes - published_ <= size_) return true;
        refresh();
        return position + bytes - published_ <= size_;
    }

    layout::LaneRequest* request_line_ = nullptr;
    layout::LaneGrant* grant_line_ = nullptr;
    std::byte* ring_ = nullptr;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t published_ = 0;
    std::uint64_t header_ = 0;   // of the next record, less its length and flags
    std::uint64_t request_ = 0;  // our own copy of the request that stands
    std::uint64_t sent_ = 0;     // messages of this session
    ProducerState state_ = ProducerState::idle;
    bool may_sleep_ = false;
    bool accepts_references_ = false;
    bool keeps_references_ = false;
    bool takes_unsummed_ = false;
    bool unsettled_ = false;  // the last session's losses are not counted yet
    std::uint32_t payload_max_ = 0;
    std::uint32_t asked_at_ = 0;
    std::uint32_t moved_at_ = 0;
    std::uint64_t session_ = 0;  // the request that opened the last session
    std::uint64_t taken_ = 0;    // messages that its consumer had taken when we left it
    std::uint32_t rings_ = 0;
    TxCounters* counters_ = nullptr;
    std::byte* region_ = nullptr;
    std::uint64_t slab_offset_ = 0;
    std::uint64_t ring_stride_ = 0;
    std::uint64_t nonce_ = 0;
    Epoch consumer_epoch_ = 0;
    Epoch own_epoch_ = 0;
    LaneLoans loans_;
};

// Writes records and commits them together: nothing is visible before commit(), but for long
// bursts, which are committed every few KB so that the consumer can start. The producer must be
// ready().
template <class Memory>
class Producer<Memory>::Burst {
  public:
    [[gnu::always_inline]] explicit Burst(Producer& producer)
        : producer_(producer),
          ring_(producer.ring_),
          mask_(producer.size_ - 1),
          position_(producer.position_),
          first_(producer.position_),
          header_(producer.header_) {
        set_fence();
    }

    // Where to put the `length` (at most Geometry::payload_max()) bytes of the next record; nullptr
    // when the lane is full. Exactly `length` bytes may be written.
    [[gnu::always_inline]] std::byte* append(std::uint32_t length, std::uint32_t flags = 0) {
        const std::uint64_t bytes = record::bytes(length);
        if (position_ + bytes + record::header_bytes > fence_) [[unlikely]] {
            if (!make_room(bytes)) return nullptr;
        }
        return place(with_flags(length, flags), bytes);
    }

    // A record that refers to `length` bytes at `data` in our arena, which begins at `arena`. They
    // lie in the buffer whose first unit is `slot`, and belong to the consumer until `owner` comes
    // back (LaneLoans). The producer must have said that it may_lend(). False when the lane is
    // full.
    [[gnu::always_inline]] bool append_reference(std::uint32_t slot, void* owner,
                                                 std::uint32_t offset, std::uint32_t length,
                                                 std::uint32_t flags = 0) {
        constexpr std::uint64_t to_ref =
            record::header_base(record::Kind::data, 0) ^ record::header_base(record::Kind::ref, 0);
        constexpr std::uint64_t bytes = record::bytes(sizeof(layout::ReferenceBody));
        if (position_ + bytes + record::header_bytes > fence_) [[unlikely]] {
            if (!make_room(bytes)) return false;
        }
        const std::uint64_t cookie = producer_.loans_.lend(slot, owner);
        header_ ^= to_ref;
        const layout::ReferenceBody body{cookie, offset, length};
        std::memcpy(place(with_flags(sizeof body, flags), bytes), &body, sizeof body);
        header_ ^= to_ref;
        return true;
    }

    // A record of at most record::small_bytes. `payload` has that many readable bytes, whatever the
    // length: a copy of fixed size is cheaper than one of the right size.
    [[gnu::always_inline]] bool append_small(const void* payload, std::uint32_t length,
                                             std::uint32_t flags = 0) {
        constexpr std::uint64_t most = 2 * record::header_bytes + record::small_bytes;
        std::byte* to = nullptr;
        if (position_ + most <= fence_) [[likely]] {
            to = place(with_flags(length, flags), record::bytes(length));
            std::memcpy(to, payload, record::small_bytes);
            return true;
        }
        to = append(length, flags);
        if (to == nullptr) return false;
        std::memcpy(to, payload, length);
        return true;
    }

    // Hands what was appended to the consumer; `messages` of it are whole messages.
    [[gnu::always_inline]] void finish(std::uint64_t messages) {
        commit();
        producer_.position_ = position_;
        producer_.header_ = header_;
        producer_.sent_ += messages;
    }

  private:
    // A burst larger than this is committed in parts.
    static constexpr std::uint64_t commit_bytes = 4096;

    [[gnu::always_inline]] static std::uint64_t with_flags(std::uint64_t length,
                                                           std::uint32_t flags) {
        return std::uint64_t{flags} << record::flags_shift | length;
    }

    [[gnu::always_inline]] std::byte* place(std::uint64_t length_and_flags, std::uint64_t bytes) {
        store_header(header_ | length_and_flags);
        std::byte* payload = ring_ + (position_ & mask_) + record::header_bytes;
        position_ += bytes;
        header_ += record::sequence_one;
        return payload;
    }

    // L6: the first header of the burst is held back; the others stand before it is stored.
    [[gnu::always_inline]] void store_header(std::uint64_t header) {
        if (position_ == first_) {
            first_header_ = header;
        } else {
            store_relaxed(word(position_), header);
        }
    }

    [[gnu::always_inline]] void commit() {
        if (position_ == first_) return;
        // L4 has kept room for it: the header behind the burst says "nothing yet".
        store_relaxed(word(position_), std::uint64_t{0});
        Memory::before_commit();
        // Release: payloads, later headers and the zero are visible before it (L6).
        store_release(word(first_), first_header_);
        Memory::after_control_store();
        first_ = position_;
    }

    // The fast path is over: the fence was met. It stands at the end of the free space, at the end
    // of the ring, or where a part of a long burst is due to be committed.
    [[gnu::noinline]] bool make_room(std::uint64_t bytes) {
        if (position_ - first_ >= commit_bytes) commit();
        const std::uint64_t to_end = (position_ | mask_) + 1 - position_;
        const std::uint64_t pad = bytes > to_end ? to_end : 0;
        // L4: the cleared header behind the record must be free too.
        if (!producer_.room(position_, pad + bytes + record::header_bytes)) {
            // L5: a PAD that does not fit together with its record is committed alone.
            if (pad != 0 && producer_.room(position_, pad + record::header_bytes)) append_pad(pad);
            set_fence();
            return false;
        }
        if (pad != 0) append_pad(pad);
        set_fence();
        return true;
    }

    void append_pad(std::uint64_t pad) {
        constexpr std::uint64_t to_pad =
            record::header_base(record::Kind::data, 0) ^ record::header_base(record::Kind::pad, 0);
        store_header((header_ ^ to_pad) | (pad - record::header_bytes));
        position_ += pad;
        header_ += record::sequence_one;
    }

    [[gnu::always_inline]] void set_fence() {
        const std::uint64_t free_end = producer_.published_ + producer_.size_;
        const std::uint64_t ring_end = (position_ | mask_) + 1;
        fence_ = std::min({free_end, ring_end, first_ + commit_bytes + record::header_bytes});
    }

    [[gnu::always_inline]] std::uint64_t& word(std::uint64_t position) const {
        return *reinterpret_cast<std::uint64_t*>(ring_ + (position & mask_));
    }

    Producer& producer_;
    std::byte* const ring_;
    const std::uint64_t mask_;
    std::uint64_t position_;
    std::uint64_t first_;
    std::uint64_t header_;
    std::uint64_t first_header_ = 0;
    std::uint64_t fence_ = 0;
};

}  // namespace famez
