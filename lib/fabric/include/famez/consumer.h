// SPDX-License-Identifier: BSD-3-Clause
//
// The reading end of a lane, and the one place that reads bytes which another port can write:
// doc/lane-lifecycle.md has its states and rules (L1 to L7, G1). Each header is read once and
// bounded by our own geometry before anything is done with it.
//
// One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <famez/counters.h>
#include <famez/credit_writer.h>
#include <famez/geometry.h>
#include <famez/memory.h>
#include <famez/port_table.h>
#include <famez/record.h>
#include <famez/slab.h>

namespace famez {

enum class ConsumerState : std::uint8_t {
    closed,    // no session; there may still be a ring that its producer has not let go of
    open,      // taking records
    draining,  // the producer has asked anew, closed or ended: taking what it had committed
    poisoned,  // an impossible record came: nothing is taken until the producer asks anew
};

// A message whose bytes lie in the sender's arena, as its record says; inside it, whatever it says.
struct Reference {
    const std::byte* data;  // record::small_bytes are readable, whatever the length
    std::uint32_t length;
    std::uint32_t flags;   // record::flags_unsummed, or some of them
    std::uint64_t cookie;  // for CreditWriter::give_back()
};

// What a visitor did with a reference.
enum class Referred : std::uint8_t {
    later,  // leave the record for later, and end the call
    done,   // the bytes are not needed any more
    kept,   // they are: the visitor's owner gives them back through Consumer::credits()
};

template <class Memory>
class Consumer {
  public:
    // Binds to the lane from `source` to `destination` (this port, in its epoch `own`). The lane's
    // old answer is wiped: "nothing answered since the consumer started" (L3). A ring that an
    // earlier incarnation had granted stays with its producer until that lets go (G1).
    void bind(std::span<std::byte> region, const Geometry& geometry, std::uint32_t destination,
              std::uint32_t source, std::uint32_t lane, Epoch own, Slab& slab,
              RxCounters& counters) {
        auto& block =
            at<layout::LaneBlock>(region, geometry.lane_offset(destination, source, lane));
        request_line_ = &block.request;
        grant_line_ = &block.grant;
        region_ = region.data();
        slab_offset_ = geometry.slab_offset(destination);
        ring_stride_ = geometry.ring_stride();
        size_ = geometry.ring_bytes;
        record_max_ = record::bytes(geometry.payload_max());
        own_epoch_ = own;
        key_ = source - 1;
        source_entry_ = &port_entry(region, geometry, source);
        lanes_ = geometry.lanes;
        slab_ = &slab;
        counters_ = &counters;
        const ArenaMap map = ArenaMap::of(geometry);
        source_ = source;
        arena_ = region.data() + geometry.arena_offset(source);
        arena_units_ = map.usable() ? map.units_offset : map.bytes;
        arena_bytes_ = map.bytes;
        credits_.bind(region, geometry, destination, source, lane);
        adopt_old_ring();
    }

    [[nodiscard]] ConsumerState state() const { return state_; }
    // Worth a poll?
    [[nodiscard]] bool pollable() const {
        return state_ == ConsumerState::open || state_ == ConsumerState::draining;
    }
    // Free-running bytes taken; moves when there is traffic.
    [[nodiscard]] std::uint64_t position() const { return position_; }

    // Is there a record? One load.
    [[nodiscard]] [[gnu::always_inline]] bool pending() const {
        return pollable() && next_header() != 0;
    }

    // How many whole messages wait, as far as `max`; takes nothing. The lane's own thread.
    [[nodiscard]] std::uint32_t waiting(std::uint32_t max) const {
        std::uint32_t found = 0;
        std::uint64_t position = position_;
        std::uint64_t expected = expected_;
        while (pollable() && found < max && position - position_ < size_) {
            const std::uint64_t offset = position & (size_ - 1);
            const std::uint64_t header = load_acquire(word(ring_, offset));
            Memory::after_header_load();
            const bool pad = header == pad_header(expected, offset);
            const bool known = is_reference(header, expected) ||
                               (header != 0 && is_flagged_data(header, expected, offset));
            if (!pad && !known) break;
            const std::uint32_t more = record::flags(header) & record::flag_more;
            found += pad || more != 0 ? 0 : 1;
            position += pad ? size_ - offset : record::bytes(record::length(header));
            expected += record::sequence_one;
        }
        return found;
    }
    // The word that the next record will be seen in; nullptr while there is no session.
    [[nodiscard]] const std::uint64_t* next_word() const {
        return pollable() ? &word(ring_, position_ & (size_ - 1)) : nullptr;
    }

    // Has the producer asked for something that serve() has not dealt with? One load.
    [[nodiscard]] bool asked() const { return load_relaxed(request_line_->request) != looked_at_; }
    // The port at the other end.
    [[nodiscard]] std::uint32_t source() const { return source_; }
    // The way back for references that were kept.
    [[nodiscard]] CreditWriter<Memory>& credits() { return credits_; }
    // What the producer was last told; whoever sees it move tells a producer that sleeps.
    [[nodiscard]] std::uint64_t ack() const { return ack_; }

    // Takes up to `max` records, in order, and calls visit(payload, length, flags) for each; a
    // visit that returns false leaves its record for later and ends the call. `payload` has at
    // least record::small_bytes readable bytes and is the producer's again when the visit returns;
    // its content may change while it is read. The lane must be pollable(). A visitor that has a
    // member refer(const Reference&, Consumer&) gets references by that, and may keep them; to any
    // other they look like the rest.
    template <class Visit>
    [[gnu::always_inline]] std::uint32_t take(std::uint32_t max, Visit&& visit) {
        // In registers: the compiler must take each of the visit's stores for one to *this.
        std::byte* const ring = ring_;
        const std::uint64_t size = size_;
        const std::uint64_t record_max = record_max_;
        std::uint64_t publish_at = published_ + size / 8;
        std::uint64_t position = position_;
        std::uint64_t expected = expected_;
        std::uint64_t step = step_;
        std::uint32_t taken = 0;
        std::uint32_t parts = 0;  // of them, those that another record continues
        bool sound = true;
        bool padded = false;
        bool more = true;
        while (taken < max) {
            const std::uint64_t offset = position & (size - 1);
            const std::uint64_t header = load_acquire(word(ring, offset));
            if (header == 0) break;
            Memory::after_header_load();
            // Kind data, no flags and the right sequence leave nothing but the length.
            const std::uint64_t odd = (header ^ expected) & ~record::length_mask;
            const std::uint32_t length = record::length(header);
            std::uint64_t bytes = record::bytes(length);
            std::uint32_t flags = 0;
            bool pad = false;
            bool shown = false;
            if (odd != 0 || bytes > std::min(record_max, size - offset)) [[unlikely]] {
                // Two PADs in a row do not happen: a liar cannot make us go round for ever.
                pad = !padded && header == pad_header(expected, offset);
                if (pad) {
                    bytes = size - offset;
                } else if (is_reference(header, expected) && bytes <= size - offset) {
                    flags = record::flags(header);
                    sound = refer(ring + offset + record::header_bytes, flags, visit, more);
                    shown = true;
                } else {
                    sound = is_flagged_data(header, expected, offset);
                    flags = record::flags(header);
                }
                if (!sound || !more) break;
                parts += flags & record::flag_more;
            }
            if (!pad && !shown && !visit(ring + offset + record::header_bytes, length, flags)) {
                break;
            }
            follow(step, bytes);
            position += step;
            expected += record::sequence_one;
            taken += pad ? 0 : 1;
            padded = pad;
            if (position >= publish_at) [[unlikely]]
                publish_at = publish(position, taken - parts);
        }
        move_to(position, expected, step, taken - parts);
        if (!sound || state_ != ConsumerState::open) [[unlikely]]
            after_take(sound, taken);
        return taken;
    }

    // Looks at the producer's request and incarnation, and publishes the position: the slow sweep.
    // False when a request had to be refused because the slab has no ring left. With `may_answer`
    // false no session begins, but rings still come back.
    bool serve(bool may_answer = true) {
        if (state_ == ConsumerState::draining) return true;
        restore();
        const std::uint64_t request = load_acquire(request_line_->request);
        Memory::after_header_load();
        looked_at_ = request;
        const PortView source = view_port(*source_entry_, lanes_);
        if (source.epoch != source_epoch_) {
            // Another incarnation: what the last one committed is taken, and its ring, into which
            // nobody stores any more, is free. A state of absent alone would not prove that.
            if (!end_session()) return true;
            release();
            source_epoch_ = source.epoch;
        }
        if (request == 0) {
            if (slab_held_ && end_session()) release();
            return true;
        }
        if (request == answered_ || !may_answer || !is_meant(source)) return true;
        return !end_session() || answer(request);
    }

    // Ends the session of an idle lane so that its ring can serve another: its producer sees the
    // NAK, lets go, and asks anew when it has something to send.
    void revoke() { end_session(); }

  private:
    // Rings of our slab that the last incarnation gave away. Its words stand in our own line, but
    // others could have written there: adopt() refuses what cannot be.
    void adopt_old_ring() {
        const std::uint64_t offset = load_relaxed(grant_line_->ring_offset);
        const std::uint64_t in_slab = offset - slab_offset_;
        if (offset != 0 && in_slab % ring_stride_ == 0) {
            slab_held_ = slab_->adopt(key_, in_slab / ring_stride_);
        }
        ring_offset_ = slab_held_ ? offset : 0;
        // Whose ring it is: while that incarnation lives, it may still be finishing a burst.
        source_epoch_ = load_relaxed(request_line_->producer_epoch);
        store_release(grant_line_->ack, std::uint64_t{0});
        Memory::after_control_store();
    }

    // step = bytes, as a guess that the branch predictor checks: where records have one size, the
    // next header is loaded without waiting for the length in this one. The empty assembly keeps
    // the compiler from seeing that both sides of the branch say the same.
    [[gnu::always_inline]] static void follow(std::uint64_t& step, std::uint64_t bytes) {
        if (step != bytes) [[unlikely]] {
            step = bytes;
            asm volatile("" : "+r"(step));
        }
    }

    // The one header that a PAD can have here: L5, it reaches exactly to the end of the ring.
    [[nodiscard]] std::uint64_t pad_header(std::uint64_t expected, std::uint64_t offset) const {
        constexpr std::uint64_t to_pad =
            record::header_base(record::Kind::data, 0) ^ record::header_base(record::Kind::pad, 0);
        return (expected ^ to_pad) | (size_ - offset - record::header_bytes);
    }

    // The header of a reference, but for the flags that it may have?
    [[nodiscard]] [[gnu::always_inline]] static bool is_reference(std::uint64_t header,
                                                                  std::uint64_t expected) {
        constexpr std::uint64_t to_ref =
            record::header_base(record::Kind::data, 0) ^ record::header_base(record::Kind::ref, 0);
        constexpr std::uint64_t known = std::uint64_t{record::flags_unsummed}
                                        << record::flags_shift;
        return (header & ~known) == ((expected ^ to_ref) | sizeof(layout::ReferenceBody));
    }

    // Reads a reference, each word once, and shows it to the visitor. False when it is impossible;
    // `more` turns false when the visitor wants it left for later.
    template <class Visit>
    [[gnu::always_inline]] bool refer(std::byte* body, std::uint32_t flags, Visit& visit,
                                      bool& more) {
        auto& words = *reinterpret_cast<std::uint64_t(*)[2]>(body);
        const std::uint64_t cookie = load_relaxed(words[0]);
        const std::uint64_t where = load_relaxed(words[1]);
        const std::uint64_t offset = where & 0xffff'ffff;
        const std::uint64_t length = where >> 32;
        const std::uint64_t readable = std::max(length, record::small_bytes);
        if (offset < arena_units_ || length == 0 || offset + readable > arena_bytes_) return false;
        const Reference reference{arena_ + offset, static_cast<std::uint32_t>(length), flags,
                                  cookie};
        Referred verdict = Referred::done;
        if constexpr (requires { visit.refer(reference, *this); }) {
            verdict = visit.refer(reference, *this);
        } else if (record::bytes(length) > record_max_) {
            return false;  // no more than any other record shows
        } else if (!visit(reference.data, reference.length, flags)) {
            verdict = Referred::later;
        }
        more = verdict != Referred::later;
        if (more) credits_.take();
        if (verdict == Referred::done) credits_.give_back(cookie);
        return true;
    }

    [[nodiscard]] bool is_flagged_data(std::uint64_t header, std::uint64_t expected,
                                       std::uint64_t offset) const {
        constexpr std::uint64_t flags_mask = std::uint64_t{0xfff} << record::flags_shift;
        constexpr std::uint64_t known = std::uint64_t{record::flag_more | record::flags_unsummed}
                                        << record::flags_shift;
        const std::uint64_t odd = (header ^ expected) & ~record::length_mask;
        const std::uint64_t bytes = record::bytes(record::length(header));
        return (odd & ~flags_mask) == 0 && (odd & ~known) == 0 &&
               bytes <= std::min(record_max_, size_ - offset);
    }

    [[gnu::always_inline]] void move_to(std::uint64_t position, std::uint64_t expected,
                                        std::uint64_t step, std::uint32_t messages) {
        position_ = position;
        expected_ = expected;
        step_ = step;
        messages_ += messages;
    }

    // The end of a take() that was not plain: a bad record, or a drain.
    [[gnu::noinline]] void after_take(bool sound, std::uint32_t taken) {
        if (state_ == ConsumerState::draining) {
            // At most one ring of bytes: a producer that never stops does not hold the lane.
            const bool dry = !sound || next_header() == 0;
            if ((taken == 0 && dry) || position_ - drain_from_ >= size_) {
                state_ = ConsumerState::closed;
                nak();
            }
        } else if (!sound) {
            state_ = ConsumerState::poisoned;
            add(counters_->lane_poisoned, 1);
            nak();
        }
    }

    // L3 and Z2: the position up to which we took first, then the word that ends the session.
    void nak() {
        store_final();
        Memory::before_commit();
        ack_ = answered_ | layout::request_nak;
        store_release(grant_line_->ack, ack_);
        Memory::after_control_store();
    }

    void store_final() {
        store_relaxed(grant_line_->final_request, session_);
        store_relaxed(grant_line_->final_position, position_);
        store_relaxed(grant_line_->final_taken, messages_);
    }

    // Does the request come from the port that is there now, and mean this incarnation of ours? The
    // request of one that died before we looked, or a forged one, would hold a ring for ever.
    [[nodiscard]] bool is_meant(const PortView& source) const {
        return source.present() && load_relaxed(request_line_->producer_epoch) == source.epoch &&
               load_relaxed(request_line_->consumer_epoch) == own_epoch_;
    }

    // True once nothing of a session is left to take.
    bool end_session() {
        if (state_ == ConsumerState::open) {
            state_ = ConsumerState::draining;
            drain_from_ = position_;
            // What asked for it is not dealt with before the drain has ended: no sleep until then.
            looked_at_ = layout::request_nak;
            return false;
        }
        return state_ != ConsumerState::draining;
    }

    void release() {
        state_ = ConsumerState::closed;
        if (!slab_held_) return;
        slab_->release(key_);
        slab_held_ = false;
        ring_offset_ = 0;
        store_relaxed(grant_line_->ring_offset, ring_offset_);
        store_relaxed(counters_->rings_held, std::uint64_t{slab_->held()});
    }

    // L2: final, header 0, position, and last the ack.
    bool answer(std::uint64_t request) {
        const auto ring = slab_->grant(key_);
        answered_ = request;
        if (!ring) {
            add(counters_->lanes_refused, 1);
            state_ = ConsumerState::closed;
            nak();
            return false;
        }
        slab_held_ = true;
        ring_offset_ = slab_offset_ + *ring * ring_stride_;
        ring_ = region_ + ring_offset_;
        store_final();
        session_ = request;
        position_ = 0;
        messages_ = 0;
        published_ = 0;
        expected_ = record::header_base(record::Kind::data, 0);
        credits_.begin();
        store_relaxed(word(ring_, 0), std::uint64_t{0});
        store_relaxed(grant_line_->position, std::uint64_t{0});
        store_relaxed(grant_line_->taken, std::uint64_t{0});
        store_relaxed(grant_line_->ring_offset, ring_offset_);
        Memory::before_commit();
        ack_ = request;
        store_release(grant_line_->ack, ack_);
        Memory::after_control_store();
        state_ = ConsumerState::open;
        add(counters_->lanes_granted, 1);
        store_relaxed(counters_->rings_held, std::uint64_t{slab_->held()});
        return true;
    }

    // Release: our reads of the bytes come before the producer may write there again.
    // Returns where it is due again (L7).
    [[gnu::noinline]] std::uint64_t publish(std::uint64_t position, std::uint32_t taken) {
        published_ = position;
        store_relaxed(grant_line_->taken, messages_ + taken);
        Memory::before_commit();
        store_release(grant_line_->position, position);
        Memory::after_control_store();
        return position + size_ / 8;
    }

    // L7's other half, and our other words: reads back what stands there, so that scribbles heal.
    void restore() {
        if (state_ == ConsumerState::open && load_relaxed(grant_line_->position) != position_) {
            publish(position_, 0);
        }
        credits_.restore();
        if (load_relaxed(grant_line_->ring_offset) != ring_offset_) {
            store_relaxed(grant_line_->ring_offset, ring_offset_);
        }
        if (load_relaxed(grant_line_->ack) != ack_) {
            Memory::before_commit();
            store_release(grant_line_->ack, ack_);
            Memory::after_control_store();
        }
    }

    [[nodiscard]] [[gnu::always_inline]] static std::uint64_t& word(std::byte* ring,
                                                                    std::uint64_t offset) {
        return *reinterpret_cast<std::uint64_t*>(ring + offset);
    }
    // The header at our position: 0 when there is nothing.
    [[nodiscard]] [[gnu::always_inline]] std::uint64_t next_header() const {
        return load_relaxed(word(ring_, position_ & (size_ - 1)));
    }

    std::byte* ring_ = nullptr;  // valid while pollable()
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t expected_ = 0;  // the next record's header, less its length
    std::uint64_t published_ = 0;
    std::uint64_t record_max_ = 0;
    std::uint64_t step_ = 0;      // bytes of the last record: the guess for the next
    std::uint64_t messages_ = 0;  // taken in this session
    ConsumerState state_ = ConsumerState::closed;
    bool slab_held_ = false;
    Slab::LaneKey key_ = 0;
    std::byte* region_ = nullptr;
    layout::LaneRequest* request_line_ = nullptr;
    layout::LaneGrant* grant_line_ = nullptr;
    layout::PortEntry* source_entry_ = nullptr;
    std::uint32_t lanes_ = 0;
    Slab* slab_ = nullptr;
    RxCounters* counters_ = nullptr;
    std::uint64_t slab_offset_ = 0;
    std::uint64_t ring_stride_ = 0;
    std::uint64_t looked_at_ = 0;    // the request that serve() last dealt with
    std::uint64_t answered_ = 0;     // the last request answered, whatever `ack` may say (L2)
    std::uint64_t session_ = 0;      // the last request answered with a ring
    std::uint64_t ack_ = 0;          // what `ack` is to say
    std::uint64_t ring_offset_ = 0;  // and `ring_offset`
    std::uint64_t drain_from_ = 0;
    Epoch own_epoch_ = 0;
    Epoch source_epoch_ = 0;  // the producer's incarnation as of the last look
    std::uint32_t source_ = 0;
    std::byte* arena_ = nullptr;     // the source's
    std::uint64_t arena_units_ = 0;  // offsets in it: where buffers can begin, and its end
    std::uint64_t arena_bytes_ = 0;
    CreditWriter<Memory> credits_;
};

// Bytes in an open lane's ring that its consumer has not said it has taken (it says so late), for
// who shows how full it is; `ring_offset` and `position` as view_lane() read them. It stands here
// because this is where ring bytes are read. Lengths are believed as far as they stay in the ring:
// a lie makes a wrong number and no more, and so many records bound what it can cost. Any thread.
inline constexpr int backlog_records_max = 16384;
inline std::uint64_t ring_backlog(std::span<std::byte> region, const Geometry& geometry,
                                  std::uint32_t destination, std::uint64_t ring_offset,
                                  std::uint64_t position) {
    const std::uint64_t from_slab = ring_offset - geometry.slab_offset(destination);
    const bool a_ring = from_slab % geometry.ring_stride() == 0 &&
                        from_slab / geometry.ring_stride() < geometry.rings_per_slab();
    if (!a_ring || position % record::header_bytes != 0) return 0;
    std::uint64_t bytes = 0;
    for (int records = 0; bytes < geometry.ring_bytes && records < backlog_records_max; ++records) {
        const std::uint64_t offset = (position + bytes) % geometry.ring_bytes;
        const std::uint64_t header = load_relaxed(at<std::uint64_t>(region, ring_offset + offset));
        if (header == 0) break;
        const std::uint64_t step = record::bytes(record::length(header));
        if (step > geometry.ring_bytes - offset) break;
        bytes += step;
    }
    return std::min(bytes, geometry.ring_bytes);
}

}  // namespace famez
