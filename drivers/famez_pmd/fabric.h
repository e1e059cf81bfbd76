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
    [[nodiscard]] virtual void* receiver() = 0;
    [[nodiscard]] virtual void* sender() = 0;
    // Doorbells: Sleeper. Receiver's thread.
    [[nodiscard]] virtual Sleeper& sleeper() = 0;
    virtual void fall_asleep() = 0;
    // Sender::lend_from() and take_back() of all senders, while none of them sends.
    virtual void lend_from(LoanTable& loans) = 0;
    virtual std::uint32_t take_back() = 0;
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
    [[nodiscard]] void* receiver() override { return &endpoint_.receiver(); }
    [[nodiscard]] void* sender() override { return &endpoint_.sender(); }
    [[nodiscard]] Sleeper& sleeper() override { return endpoint_.sleeper(); }
    void fall_asleep() override { endpoint_.sleeper().fall_asleep(endpoint_.receiver()); }
    void lend_from(LoanTable& loans) override { endpoint_.sender().lend_from(loans); }
    std::uint32_t take_back() override { return endpoint_.sender().take_back(); }
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
