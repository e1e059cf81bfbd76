// SPDX-License-Identifier: BSD-3-Clause
//
// A port on a region of either memory type. Queues hold its halves without their type: the burst
// functions of the same memory type know it (ethdev.cc picks them).
#pragma once

#include <memory>
#include <utility>

#include <famez/endpoint.h>
#include <famez/instances.h>

namespace famez::pmd {

class Fabric {
  public:
    Fabric() = default;
    Fabric(const Fabric&) = delete;
    Fabric& operator=(const Fabric&) = delete;
    virtual ~Fabric() = default;

    [[nodiscard]] virtual Port& port() = 0;
    // Shares the lanes out among so many RX queues, while none is polled. Throws FabricError.
    virtual void set_queues(std::uint32_t count) = 0;
    // By RX queue: a ReceiverSet<Memory>, or the Receiver<Memory> of the same number as the queue.
    [[nodiscard]] virtual void* receiver_set(std::uint32_t queue) = 0;
    [[nodiscard]] virtual void* receiver(std::uint32_t queue) = 0;
    // By TX queue: a Sender<Memory>.
    [[nodiscard]] virtual void* sender(std::uint32_t queue) = 0;
    // Doorbells, by RX queue. The queue's thread.
    [[nodiscard]] virtual Sleeper& sleeper(std::uint32_t queue) = 0;
    virtual void fall_asleep(std::uint32_t queue) = 0;
    // Sender::lend_from() and take_back() of all senders, while none of them sends.
    virtual void lend_from(LoanTable& loans) = 0;
    virtual std::uint32_t take_back() = 0;
    // What has come back, by TX queue.
    [[nodiscard]] virtual OwnersBack& back(std::uint32_t queue) = 0;
    // Every Port::tick_ms, from a control thread. False once the server has gone.
    virtual bool tick() = 0;
};

template <class Memory>
class FabricOn final : public Fabric {
  public:
    template <class... Arguments>
    explicit FabricOn(Arguments&&... arguments)
        : endpoint_(std::forward<Arguments>(arguments)...) {}

    [[nodiscard]] Port& port() override { return endpoint_.port(); }
    void set_queues(std::uint32_t count) override { endpoint_.set_queues(count); }
    [[nodiscard]] void* receiver_set(std::uint32_t queue) override {
        return &endpoint_.queue(queue);
    }
    [[nodiscard]] void* receiver(std::uint32_t queue) override {
        return &endpoint_.receiver(queue);
    }
    [[nodiscard]] void* sender(std::uint32_t queue) override { return &endpoint_.sender(queue); }
    [[nodiscard]] Sleeper& sleeper(std::uint32_t queue) override {
        return endpoint_.sleeper(queue);
    }
    void fall_asleep(std::uint32_t queue) override {
        endpoint_.sleeper(queue).fall_asleep(endpoint_.queue(queue));
    }
    void lend_from(LoanTable& loans) override {
        for (std::uint32_t lane = 0; lane < port().lanes(); ++lane)
            endpoint_.sender(lane).lend_from(loans);
    }
    [[nodiscard]] OwnersBack& back(std::uint32_t queue) override {
        return endpoint_.sender(queue).back();
    }
    std::uint32_t take_back() override {
        std::uint32_t out = 0;
        for (std::uint32_t lane = 0; lane < port().lanes(); ++lane)
            out += endpoint_.sender(lane).take_back();
        return out;
    }
    bool tick() override { return endpoint_.tick(); }

  private:
    Endpoint<Memory> endpoint_;
};

// Arguments: those of Endpoint. Throws FabricError.
template <class... Arguments>
std::unique_ptr<Fabric> make_fabric(Transport& transport, Arguments&&... arguments) {
    if (transport.memory_type() == MemoryType::weak) {
        return std::make_unique<FabricOn<Weak>>(transport, std::forward<Arguments>(arguments)...);
    }
    return std::make_unique<FabricOn<WriteBack>>(transport, std::forward<Arguments>(arguments)...);
}

}  // namespace famez::pmd
