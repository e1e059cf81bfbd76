// SPDX-License-Identifier: BSD-3-Clause
//
// The transmitting half of a port on one lane number: a producer for each destination.
#pragma once

#include <cstdint>
#include <vector>

#include <famez/port.h>
#include <famez/producer.h>

namespace famez {

// One thread at a time (a TX queue). Lives as long as the port's epoch.
template <class Memory>
class alignas(layout::line_bytes) Sender {
  public:
    Sender(Port& port, std::uint32_t lane, TxCounters& counters)
        : port_(port), lane_(lane), counters_(counters), producers_(port.geometry().ports + 1) {
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            producers_[id].bind(port.region(), port.geometry(), id, port.id(), lane, port.epoch(),
                                counters);
        }
    }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender() {
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            if (producers_[id].state() == ProducerState::idle) continue;
            producers_[id].close();
            notify(id);
        }
    }

    [[nodiscard]] std::uint32_t ports() const { return port_.geometry().ports; }
    [[nodiscard]] [[gnu::always_inline]] Producer<Memory>& to(std::uint32_t id) {
        return producers_[id];
    }

    // From now on references into the arena of `table` may go out, which outlives the sender.
    void lend_from(LoanTable& table) {
        back_.reserve(table.map().credits);
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            // Loans are numbered from the answer that opens a session.
            if (producers_[id].state() != ProducerState::idle) {
                producers_[id].close();
                notify(id);
            }
            producers_[id].loans().bind(table, back_, port_.geometry(), port_.id(), id, lane_,
                                        counters_);
        }
    }
    // The owners of what has come back, for the caller to free and clear.
    [[nodiscard]] OwnersBack& back() { return back_; }
    // All that can be taken back now is; references stay out as long as somebody looks at them.
    // Returns how many that are.
    std::uint32_t take_back() {
        std::uint32_t out = 0;
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            Producer<Memory>& producer = producers_[id];
            if (producer.loans().out() == 0) continue;
            // Asks, if it must: what is left of an earlier life comes back when the answer is
            // there.
            service(id);
            out += producer.loans().out();
        }
        return out;
    }

    // Is somebody up at `id` (1..ports, here and below) who polls this lane?
    [[nodiscard]] bool up(std::uint32_t id) const {
        return listens(view_port(port_.region(), port_.geometry(), id));
    }

    // The lane to `id` is not ready(), or was found full: does what can be done about it (asks,
    // takes over a grant, leaves a session that has ended). True when it can be written to.
    [[gnu::noinline]] bool service(std::uint32_t id) {
        Producer<Memory>& producer = producers_[id];
        const PortView peer = view_port(port_.region(), port_.geometry(), id);
        const std::uint32_t now = port_.now();
        const std::uint64_t before = producer.request();
        const bool ready = producer.service(peer, now);
        if (producer.state() == ProducerState::idle && listens(peer)) producer.ask(peer, now);
        if (producer.request() != before) notify(id);
        return ready;
    }

    // Behind each burst to `id`: rings the receiver if it sleeps. A receiver that says that it
    // always polls is not even looked at.
    [[gnu::always_inline]] void notify(std::uint32_t id) {
        if (producers_[id].may_sleep()) [[unlikely]]
            port_.wake(id, lane_);
    }

    // Before each burst: once a tick, looks after all lanes (peers that have ended, lanes that were
    // taken back or stand still). Costs a load and a comparison otherwise.
    [[gnu::always_inline]] void housekeep() {
        if (port_.now() != swept_at_) [[unlikely]]
            sweep();
    }

  private:
    [[nodiscard]] bool listens(const PortView& peer) const {
        return peer.up() && lane_ < peer.lanes;
    }

    [[gnu::noinline]] void sweep() {
        swept_at_ = port_.now();
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            Producer<Memory>& producer = producers_[id];
            if (producer.state() == ProducerState::idle && producer.loans().out() == 0) continue;
            const std::uint64_t before = producer.request();
            producer.service(view_port(port_.region(), port_.geometry(), id), swept_at_);
            if (producer.request() != before) notify(id);
        }
    }

    Port& port_;
    std::uint32_t lane_;
    TxCounters& counters_;
    std::vector<Producer<Memory>> producers_;  // by id
    OwnersBack back_;
    std::uint32_t swept_at_ = 0;
};

}  // namespace famez
