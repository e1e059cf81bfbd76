// SPDX-License-Identifier: BSD-3-Clause
//
// Both ends of one lane in one thread, stepped by hand, so that each interleaving is the test's.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <famez/consumer.h>
#include <famez/counters.h>
#include <famez/memory.h>
#include <famez/port_table.h>
#include <famez/producer.h>
#include <famez/record.h>
#include <famez/slab.h>

#include "fake_transport.h"

namespace famez::test {

struct Message {
    std::string payload;
    std::uint32_t flags = 0;
    bool operator==(const Message&) const = default;
};

// Text of the given length that differs from number to number and from byte to byte.
inline std::string text(std::uint32_t number, std::size_t length) {
    std::string result(length, '\0');
    std::uint32_t state = number * 2654435761U + 1;
    for (char& letter : result) {
        state = state * 1664525U + 1013904223U;
        letter = static_cast<char>(state >> 24);
    }
    return result;
}

template <class Memory>
class Lane {
  public:
    using ProducerBurst = typename Producer<Memory>::Burst;
    static constexpr std::uint32_t destination = 1;
    static constexpr std::uint32_t source = 2;

    explicit Lane(const GeometryRequest& request = FakeFabric::small_request())
        : fabric(request), slab(fabric.geometry().rings_per_slab()) {
        start_consumer();
        start_producer();
    }

    // A program begins at `id`: a new epoch, up. Runs `before` once the epoch is known and before
    // anybody else knows of it.
    template <class Before>
    Epoch start(std::uint32_t id, Before&& before) {
        if (!fabric.server().assigned(id)) fabric.server().assign(id);
        auto& entry = port_entry(fabric.region(), fabric.geometry(), id);
        const std::uint32_t count = entry.status.start_count + 1;
        const Epoch epoch = make_epoch(entry.assignment.generation, count);
        before(epoch);
        entry.status.start_count = count;
        entry.status.lanes = 1;
        entry.status.capabilities = layout::cap_accepts_refs;
        entry.status.state = static_cast<std::uint32_t>(layout::PortState::up);
        return epoch;
    }

    void start_consumer() {
        slab = Slab(fabric.geometry().rings_per_slab());
        consumer = Consumer<Memory>();
        start(destination, [this](Epoch epoch) {
            consumer.bind(fabric.region(), fabric.geometry(), destination, source, 0, epoch, slab,
                          rx);
        });
    }

    void start_producer() {
        producer = Producer<Memory>();
        start(source, [this](Epoch epoch) {
            producer.bind(fabric.region(), fabric.geometry(), destination, source, 0, epoch, tx);
        });
    }

    [[nodiscard]] PortView peer() {
        return view_port(fabric.region(), fabric.geometry(), destination);
    }

    // What a sender does with a lane that is not ready.
    bool service() {
        if (producer.service(peer(), now)) return true;
        if (producer.state() == ProducerState::idle && peer().up()) producer.ask(peer(), now);
        return false;
    }

    // What a receiver does with a lane in one sweep and one poll.
    std::uint32_t receive(std::uint32_t max = 32) {
        consumer.serve();
        return poll(max);
    }
    std::uint32_t poll(std::uint32_t max = 32) {
        if (!consumer.pollable()) return 0;
        return consumer.take(
            max, [this](const std::byte* payload, std::uint32_t length, std::uint32_t flags) {
                inbox.push_back({{reinterpret_cast<const char*>(payload), length}, flags});
                return true;
            });
    }

    // Lets both ends work until the producer may write. False when that does not come about.
    bool open(int steps = 64) {
        for (int i = 0; i < steps; ++i) {
            if (producer.ready()) return true;
            service();
            receive();
        }
        return producer.ready();
    }

    bool send(const std::string& payload, std::uint32_t flags = 0) {
        if (!producer.ready() && !service()) return false;
        typename Producer<Memory>::Burst burst(producer);
        std::byte* to = burst.append(static_cast<std::uint32_t>(payload.size()), flags);
        if (to != nullptr) std::memcpy(to, payload.data(), payload.size());
        burst.finish(to != nullptr ? 1 : 0);
        if (to == nullptr) producer.service(peer(), now);
        return to != nullptr;
    }

    // Traffic flows: a message sent now arrives within `steps` steps of a tick each, whole.
    bool heals(int steps) {
        for (int i = 0; i < steps; ++i, ++now) {
            inbox.clear();
            producer.service(peer(), now);  // the sender's sweep
            const std::string probe = text(static_cast<std::uint32_t>(i) + 77, 40);
            const bool sent = send(probe);
            for (int polls = 0; polls < 4; ++polls)
                receive();
            if (sent && inbox == std::vector<Message>{{probe, 0}}) return true;
        }
        return false;
    }

    layout::LaneBlock& block() {
        return at<layout::LaneBlock>(fabric.region(),
                                     fabric.geometry().lane_offset(destination, source, 0));
    }
    // The ring word at a position, as a hostile port sees it.
    std::uint64_t& word(std::uint64_t position) {
        return at<std::uint64_t>(
            fabric.region(), block().grant.ring_offset + position % fabric.geometry().ring_bytes);
    }

    FakeFabric fabric;
    Slab slab;
    TxCounters tx;
    RxCounters rx;
    Producer<Memory> producer;
    Consumer<Memory> consumer;
    std::vector<Message> inbox;
    std::uint32_t now = 1000;
};

using PlainLane = Lane<WriteBack>;

}  // namespace famez::test
