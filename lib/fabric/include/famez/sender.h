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
class Sender {
  public:
    Sender(Port& port, std::uint32_t lane, TxCounters& counters)
        : port_(port), producers_(port.geometry().ports + 1) {
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            producers_[id].bind(port.region(), port.geometry(), id, port.id(), lane, port.epoch(),
                                counters);
        }
    }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender() {
        for (std::uint32_t id = 1; id <= ports(); ++id) producers_[id].close();
    }

    [[nodiscard]] std::uint32_t ports() const { return port_.geometry().ports; }
    [[nodiscard]] [[gnu::always_inline]] Producer<Memory>& to(std::uint32_t id) {
        return producers_[id];
    }

    // Is somebody up at `id`?
    [[nodiscard]] bool up(std::uint32_t id) const {
        return view_port(port_.region(), port_.geometry(), id).up();
    }

    // The lane to `id` is not ready(), or was found full: does what can be done about it (asks,
    // takes over a grant, leaves a session that has ended). True when it can be written to.
    [[gnu::noinline]] bool service(std::uint32_t id) {
        Producer<Memory>& producer = producers_[id];
        const PortView peer = view_port(port_.region(), port_.geometry(), id);
        const std::uint32_t now = port_.now();
        if (producer.service(peer, now)) return true;
        if (producer.state() == ProducerState::idle && peer.up()) producer.ask(peer, now);
        return false;
    }

    [[gnu::noinline]] void note_full(std::uint32_t id) {
        producers_[id].note_full(port_.now());
        service(id);
    }

    // One step around the destinations: finds peers that have ended without our sending to them.
    void sweep() {
        cursor_ = cursor_ % ports() + 1;
        Producer<Memory>& producer = producers_[cursor_];
        if (producer.state() == ProducerState::idle) return;
        producer.service(view_port(port_.region(), port_.geometry(), cursor_), port_.now());
    }

  private:
    Port& port_;
    std::vector<Producer<Memory>> producers_;  // by id
    std::uint32_t cursor_ = 0;
};

}  // namespace famez
