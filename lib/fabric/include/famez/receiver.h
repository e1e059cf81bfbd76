// SPDX-License-Identifier: BSD-3-Clause
//
// The receiving half of a port on one lane number: a consumer for each source. Polling costs in
// proportion to the lanes that talk: those lately active are looked at in every poll, one of the
// quiet ones in each, and everybody's requests, a few at a time, in a sweep now and then.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <famez/consumer.h>
#include <famez/port.h>
#include <famez/slab.h>

namespace famez {

// One thread at a time (an RX queue). Lives as long as the port's epoch: it remembers which
// requests were answered (L2).
template <class Memory>
class alignas(layout::line_bytes) Receiver {
  public:
    // Takes from every port, or from `only` alone (0: everybody).
    Receiver(Port& port, std::uint32_t lane, std::uint32_t only, Slab& slab, RxCounters& counters)
        : port_(port), lane_(lane), sources_(port.geometry().ports + 1) {
        for (std::uint32_t id = 1; id <= port.geometry().ports; ++id) {
            sources_[id].lane.bind(port.region(), port.geometry(), port.id(), id, lane,
                                   port.epoch(), slab, counters);
            sources_[id].answered = only == 0 || only == id;
        }
        active_.reserve(sources_.size());
        quiet_.reserve(sources_.size());
    }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    // Calls visit(payload, length, flags) for up to `max` records; see Consumer::take().
    template <class Visit>
    [[gnu::always_inline]] std::uint32_t poll(std::uint32_t max, Visit&& visit) {
        std::uint32_t total = 0;
        if (!quiet_.empty()) look_at_a_quiet_one();
        const std::size_t lanes = active_.size();
        for (std::size_t i = 0; i < lanes && total < max; ++i) {
            // Each poll begins with another lane: a full burst from one starves nobody.
            if (++turn_ >= lanes) turn_ = 0;
            Consumer<Memory>& lane = active_[turn_]->lane;
            if (lane.pollable()) [[likely]]
                total += lane.take(max - total, visit);
        }
        if (--polls_to_sweep_ == 0) [[unlikely]]
            sweep();
        return total;
    }

    // How many messages wait, as far as `max`; takes nothing.
    [[nodiscard]] std::uint32_t waiting(std::uint32_t max) const {
        std::uint32_t found = 0;
        for (const List* list : {&active_, &quiet_}) {
            for (const Source* source : *list)
                found += source->lane.waiting(max - found);
        }
        return found;
    }
    // Consumer::next_word() of the lane from `id`, which is 1..ports.
    [[nodiscard]] const std::uint64_t* next_word(std::uint32_t id) const {
        return sources_[id].lane.next_word();
    }

    // Everything that a slow sweep does, for all lanes at once: before a sleep, and for those that
    // poll seldom.
    void settle() {
        generation_ = table_generation(port_.region(), port_.geometry());
        for (std::uint32_t i = 1; i < sources_.size(); ++i)
            sweep_next();
    }

    // Is there anything to do that has come since settle(): a record in any lane, a request, a
    // change of the table (S3)? Two words a lane are read.
    [[nodiscard]] bool anything() const {
        if (table_generation(port_.region(), port_.geometry()) != generation_) return true;
        return std::any_of(sources_.begin() + 1, sources_.end(), [](const Source& source) {
            return source.lane.pending() || source.lane.asked();
        });
    }

  private:
    // A receiver that spins is better disturbed seldom: with a sweep every 32 polls, which is more
    // often than it gets a message, a round trip took a fifth longer. One that polls less often
    // than every 500 ns could leave a request too long.
    static constexpr std::uint32_t polls_per_sweep = 32;
    static constexpr std::uint32_t spinning_polls_per_sweep = 256;
    static constexpr std::uint32_t spinning_polls_per_tick = Port::tick_ms * 2000;
    static constexpr std::uint32_t lanes_per_sweep = 4;
    static constexpr std::uint32_t quiet_rounds_max = 16;

    struct Source;
    using List = std::vector<Source*>;
    struct Source {
        Consumer<Memory> lane;
        std::uint64_t last_position = 0;
        std::uint32_t quiet_rounds = 0;
        bool answered = false;  // false: a stranger to a point-to-point link
        List* list = nullptr;   // active_ or quiet_ while the lane is pollable
    };

    // One a poll: it is heard soon enough, and a poll costs the same however many are quiet.
    [[gnu::always_inline]] void look_at_a_quiet_one() {
        if (++quiet_turn_ >= quiet_.size()) quiet_turn_ = 0;
        Source& source = *quiet_[quiet_turn_];
        if (source.lane.pending()) [[unlikely]]
            move(source, &active_);
    }

    // How many polls there are to be from this sweep to the next.
    std::uint32_t period() {
        polls_in_tick_ += period_;
        if (const std::uint32_t now = port_.now(); now != tick_) {
            const bool spins = polls_in_tick_ >= spinning_polls_per_tick;
            period_ = spins ? spinning_polls_per_sweep : polls_per_sweep;
            polls_in_tick_ = 0;
            tick_ = now;
        }
        return period_;
    }

    [[gnu::noinline]] void sweep() {
        polls_to_sweep_ = period();
        const std::uint64_t generation = table_generation(port_.region(), port_.geometry());
        if (generation != generation_) {
            generation_ = generation;
            urgent_ = sources_.size() - 1;
        }
        // Somebody came or went: everyone is looked at soon, and not all in one poll.
        const std::size_t quick = std::min<std::size_t>(urgent_, 4 * lanes_per_sweep);
        urgent_ -= quick;
        if (urgent_ != 0) polls_to_sweep_ = 1;
        const std::size_t step =
            std::min(sources_.size() - 1, std::max<std::size_t>(quick, lanes_per_sweep));
        for (std::size_t i = 0; i < step; ++i)
            sweep_next();
    }

    void sweep_next() {
        if (++cursor_ >= sources_.size()) cursor_ = 1;
        Source& source = sources_[cursor_];
        const std::uint64_t told = source.lane.ack();
        if (!source.lane.serve(source.answered)) revoke_quiet();
        if (source.lane.ack() != told) {
            port_.wake_sleeper(static_cast<std::uint32_t>(cursor_), lane_);
        }
        if (!source.lane.pollable()) {
            if (source.list != nullptr) move(source, nullptr);
        } else if (source.list == &active_) {
            retire_if_quiet(source);
        } else if (source.list == nullptr || source.lane.state() == ConsumerState::draining ||
                   source.lane.pending()) {
            move(source, &active_);
        }
    }

    // `to`: nullptr for a lane that is not to be polled.
    [[gnu::noinline]] void move(Source& source, List* to) {
        if (source.list != nullptr) std::erase(*source.list, &source);
        if (to != nullptr) to->push_back(&source);
        source.list = to;
        source.quiet_rounds = 0;
    }

    void retire_if_quiet(Source& source) {
        const std::uint64_t position = source.lane.position();
        if (position != source.last_position) {
            source.last_position = position;
            source.quiet_rounds = 0;
        } else if (source.quiet_rounds < quiet_rounds_max) {
            ++source.quiet_rounds;
        } else if (!source.lane.pending()) {
            move(source, &quiet_);
        }
    }

    // The slab is full: a lane that has been quiet gives its ring back, another one each time. With
    // none quiet, the one who asked waits.
    void revoke_quiet() {
        for (std::size_t i = 1; i < sources_.size(); ++i) {
            if (++revoked_ >= sources_.size()) revoked_ = 1;
            Source& source = sources_[revoked_];
            if (source.lane.state() != ConsumerState::open || source.lane.pending()) continue;
            if (source.list == &active_ && source.quiet_rounds < quiet_rounds_max) continue;
            source.lane.revoke();
            move(source, &active_);
            return;
        }
    }

    Port& port_;
    std::uint32_t lane_;
    List active_;
    List quiet_;
    std::size_t turn_ = 0;        // in active_
    std::size_t quiet_turn_ = 0;  // in quiet_
    std::uint32_t polls_to_sweep_ = 1;
    std::uint32_t period_ = polls_per_sweep;
    std::uint32_t polls_in_tick_ = 0;
    std::uint32_t tick_ = 0;
    std::vector<Source> sources_;  // by id; [0] unused
    std::size_t cursor_ = 0;       // the id last swept
    std::size_t revoked_ = 0;      // the id whose ring was last taken back
    std::size_t urgent_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace famez
