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
        for (std::uint32_t id = 1; id <= ports(); ++id)
            producers_[id].close();
    }

    [[nodiscard]] std::uint32_t ports() const { return port_.geometry().ports; }
    [[nodiscard]] [[gnu::always_inline]] Producer<Memory>& to(std::uint32_t id) {
        return producers_[id];
    }

    // Is somebody up at `id` (1..ports, here and below)?
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

    // Before each burst: once a tick, looks after all lanes (peers that have ended, lanes that were
    // taken back or stand still). Costs a load and a comparison otherwise.
    [[gnu::always_inline]] void housekeep() {
        if (port_.now() != swept_at_) [[unlikely]]
            sweep();
    }

  private:
    [[gnu::noinline]] void sweep() {
        swept_at_ = port_.now();
        for (std::uint32_t id = 1; id <= ports(); ++id) {
            Producer<Memory>& producer = producers_[id];
            if (producer.state() == ProducerState::idle) continue;
            producer.service(view_port(port_.region(), port_.geometry(), id), swept_at_);
        }
    }

    Port& port_;
    std::vector<Producer<Memory>> producers_;  // by id
    std::uint32_t swept_at_ = 0;
};

}  // namespace famez
