// SPDX-License-Identifier: BSD-3-Clause
//
// A whole port: attach, send, poll. What a program without DPDK links, and what the driver wraps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include <famez/endpoint_lanes.h>
#include <famez/port.h>
#include <famez/receiver.h>
#include <famez/receiver_set.h>
#include <famez/sender.h>
#include <famez/slab.h>
#include <famez/sleeper.h>

namespace famez {

// The parts of a port in the order in which they must begin: the answers of an earlier incarnation
// are wiped before the new epoch is announced. The members may be used by different threads: each
// sender by one, each receive queue by another, tick() by one more.
//
// Lanes: PortOptions::lanes of them, each with a sender and a receiver. A port that polls fewer
// than the region has is not reached by what others send on the rest. The receivers are shared out
// among receive queues (set_queues()); there is one at first.
template <class Memory>
class Endpoint {
  public:
    // `only`: the one peer of a point-to-point link; 0 takes from everybody. The counters, of each
    // lane or of the only one, outlive the endpoint. Throws FabricError.
    Endpoint(Transport& transport, PortOptions options, std::uint32_t only,
             std::span<TxCounters> tx, std::span<RxCounters> rx)
        : transport_(transport),
          port_(transport, at_most(std::move(options), std::min(tx.size(), rx.size()))),
          tx_(tx.first(port_.lanes())),
          rx_(rx.first(port_.lanes())) {
        const std::uint32_t rings = port_.geometry().rings_per_lane();
        for (std::uint32_t lane = 0; lane < port_.lanes(); ++lane) {
            slabs_.emplace_back(rings, lane * rings);
            receivers_.emplace_back(port_, lane, only, slabs_.back(), rx[lane]);
            senders_.emplace_back(port_, lane, tx[lane]);
        }
        set_queues(1);
        port_.count_doorbells(tx[0].doorbells);
        port_.announce();
    }
    Endpoint(Transport& transport, PortOptions options, std::uint32_t only, TxCounters& tx,
             RxCounters& rx)
        : Endpoint(transport, std::move(options), only, std::span(&tx, 1), std::span(&rx, 1)) {}
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    ~Endpoint() { port_.withdraw(); }

    [[nodiscard]] Port& port() { return port_; }
    // By lane, below Port::lanes().
    [[nodiscard]] Sender<Memory>& sender(std::uint32_t lane = 0) { return senders_[lane]; }
    [[nodiscard]] Receiver<Memory>& receiver(std::uint32_t lane = 0) { return receivers_[lane]; }

    // Shares the lanes out among `count` (1 to Port::lanes()) receive queues: queue q has the lanes
    // q, q + count, and so on. While nobody polls or sleeps. Throws FabricError.
    void set_queues(std::uint32_t count) {
        const std::lock_guard lock(queues_mutex_);
        const auto plan = plan_queues(port_, transport_.eventfds(), count);
        sleepers_.clear();
        queues_.clear();
        for (std::uint32_t queue = 0; queue < count; ++queue) {
            std::vector<Receiver<Memory>*> receivers;
            for (const SleepLane& lane : plan[queue].lanes)
                receivers.push_back(&receivers_[lane.lane]);
            queues_.emplace_back(std::move(receivers));
            sleepers_.emplace_back(port_, plan[queue].lanes, plan[queue].doorbell(), rx_[queue]);
        }
    }
    // What is polled as queue `queue`. With one lane, that lane's receiver serves as well.
    [[nodiscard]] ReceiverSet<Memory>& queue(std::uint32_t queue) { return queues_[queue]; }

    // Doorbells, for a queue that does not always poll: sleeper().fall_asleep(queue()), wait until
    // sleeper().fd() is readable, sleeper().wake_up(), poll until nothing comes. The port must have
    // said that it may (Port::set_capabilities()). Receiver's thread.
    [[nodiscard]] Sleeper& sleeper(std::uint32_t queue = 0) { return sleepers_[queue]; }

    // Every Port::tick_ms from a control thread. False once the server has gone.
    bool tick() {
        port_.tick(sum_of(tx_), sum_of(rx_));
        const std::lock_guard lock(queues_mutex_);
        for (Sleeper& sleeper : sleepers_)
            sleeper.tick();
        return transport_.service();  // it may add to the eventfds
    }

    // Sends one message of 1 to Geometry::payload_max() bytes to port `to`. False when it cannot
    // go: now, because the lane is full or not open yet or nobody is up there; or ever (another
    // length, no such port), which counts as invalid. The thread of that lane's sender.
    bool send(std::uint32_t to, std::span<const std::byte> message, std::uint32_t lane = 0) {
        Sender<Memory>& sender = senders_[lane];
        TxCounters& counters = tx_[lane];
        if (to - 1 >= sender.ports() || message.size() - 1 >= port_.geometry().payload_max()) {
            add(counters.invalid_dropped, 1);
            return false;
        }
        sender.housekeep();
        Producer<Memory>& producer = sender.to(to);
        if (!producer.ready() && !sender.service(to)) return false;
        typename Producer<Memory>::Burst burst(producer);
        std::byte* payload = burst.append(static_cast<std::uint32_t>(message.size()));
        if (payload != nullptr) std::memcpy(payload, message.data(), message.size());
        burst.finish(payload != nullptr ? 1 : 0);
        sender.notify(to);
        if (payload == nullptr) {
            add(counters.full, 1);
            sender.service(to);
            return false;
        }
        add(counters.messages, 1);
        add(counters.bytes, message.size());
        return true;
    }

  private:
    static PortOptions at_most(PortOptions options, std::size_t lanes) {
        options.lanes = std::min(options.lanes, static_cast<std::uint32_t>(lanes));
        return options;
    }

    Transport& transport_;
    Port port_;
    std::span<TxCounters> tx_;  // by lane
    std::span<RxCounters> rx_;
    std::deque<Slab> slabs_;
    std::deque<Receiver<Memory>> receivers_;
    std::deque<Sender<Memory>> senders_;
    std::mutex queues_mutex_;  // set_queues() beside tick()
    std::deque<ReceiverSet<Memory>> queues_;
    std::deque<Sleeper> sleepers_;  // by queue
};

}  // namespace famez
