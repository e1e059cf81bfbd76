// SPDX-License-Identifier: BSD-3-Clause
//
// A whole port: attach, send, poll. What a program without DPDK links, and what the driver wraps.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include <famez/port.h>
#include <famez/receiver.h>
#include <famez/sender.h>
#include <famez/slab.h>
#include <famez/sleeper.h>

namespace famez {

// The parts of a port in the order in which they must begin: the answers of an earlier incarnation
// are wiped before the new epoch is announced. The members may be used by different threads: sender
// by one, receiver by another, tick() by a third.
template <class Memory>
class Endpoint {
  public:
    // `only`: the one peer of a point-to-point link; 0 takes from everybody. The counters outlive
    // the endpoint. Throws FabricError.
    Endpoint(Transport& transport, PortOptions options, std::uint32_t only, TxCounters& tx,
             RxCounters& rx)
        : transport_(transport),
          tx_(tx),
          rx_(rx),
          port_(transport, std::move(options)),
          slab_(port_.geometry().rings_per_slab()),
          receiver_(port_, 0, only, slab_, rx),
          sender_(port_, 0, tx),
          sleeper_(port_, 0, first_of(transport.eventfds()), rx) {
        port_.count_doorbells(tx.doorbells);
        port_.announce();
    }
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    ~Endpoint() { port_.withdraw(); }

    [[nodiscard]] Port& port() { return port_; }
    [[nodiscard]] Sender<Memory>& sender() { return sender_; }
    [[nodiscard]] Receiver<Memory>& receiver() { return receiver_; }

    // Doorbells, for a receiver that does not always poll: sleeper().fall_asleep(receiver()), wait
    // until sleeper().eventfd() is readable, sleeper().wake_up(), poll until nothing comes. The
    // port must have said that it may (Port::set_capabilities()). Receiver's thread.
    [[nodiscard]] Sleeper& sleeper() { return sleeper_; }

    // Every Port::tick_ms from a control thread. False once the server has gone.
    bool tick() {
        port_.tick(tx_, rx_);
        sleeper_.tick();
        return transport_.service();
    }

    // Sends one message of 1 to Geometry::payload_max() bytes to port `to`. False when it cannot
    // go: now, because the lane is full or not open yet or nobody is up there; or ever (another
    // length, no such port), which counts as invalid. Sender's thread.
    bool send(std::uint32_t to, std::span<const std::byte> message) {
        if (to - 1 >= sender_.ports() || message.size() - 1 >= port_.geometry().payload_max()) {
            add(tx_.invalid_dropped, 1);
            return false;
        }
        sender_.housekeep();
        Producer<Memory>& producer = sender_.to(to);
        if (!producer.ready() && !sender_.service(to)) return false;
        typename Producer<Memory>::Burst burst(producer);
        std::byte* payload = burst.append(static_cast<std::uint32_t>(message.size()));
        if (payload != nullptr) std::memcpy(payload, message.data(), message.size());
        burst.finish(payload != nullptr ? 1 : 0);
        sender_.notify(to);
        if (payload == nullptr) {
            add(tx_.full, 1);
            sender_.service(to);
            return false;
        }
        add(tx_.messages, 1);
        add(tx_.bytes, message.size());
        return true;
    }

  private:
    static int first_of(std::span<const int> eventfds) {
        return eventfds.empty() ? -1 : eventfds.front();
    }

    Transport& transport_;
    TxCounters& tx_;
    RxCounters& rx_;
    Port port_;
    Slab slab_;
    Receiver<Memory> receiver_;
    Sender<Memory> sender_;
    Sleeper sleeper_;
};

}  // namespace famez
