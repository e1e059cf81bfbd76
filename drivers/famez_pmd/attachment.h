// SPDX-License-Identifier: BSD-3-Clause
//
// A port's way into the fabric, as one object: what the primary process keeps behind an ethdev.
#pragma once

#include <memory>
#include <string>

#include <famez/counters.h>
#include <famez/transport.h>

#include "devargs.h"
#include "fabric.h"

namespace famez::pmd {

// In memory shared with secondary processes: plain words only, no pointers, no vtable.
struct DevPrivate {
    TxCounters tx;
    RxCounters rx;
    TxCounters tx_base;  // what the counters were at the last reset of the statistics
    RxCounters rx_base;
    std::uint32_t id;
    std::uint32_t peer;
    std::uint32_t frame_max;  // the longest frame that one record holds
};

class Attachment {
  public:
    // Joins the fabric through `transport`. Throws FabricError.
    Attachment(std::string name, std::unique_ptr<Transport> transport, const Devargs& devargs,
               DevPrivate& shared);
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    ~Attachment();

    [[nodiscard]] Fabric& fabric() { return *fabric_; }
    [[nodiscard]] std::uint32_t peer() const { return devargs_.peer; }
    [[nodiscard]] MemoryType memory_type() const { return transport_->memory_type(); }
    // Point-to-point: the peer is up and its heartbeat moves. Fabric: always.
    [[nodiscard]] bool link_up() const;
    // A new epoch on the same attachment (ethdev reset); what fabric() returned is gone. Throws
    // FabricError; then nothing but link_up() and destruction is left.
    void restart();

  private:
    static void on_alarm(void* self);
    void join();

    std::string name_;
    std::unique_ptr<Transport> transport_;
    Devargs devargs_;
    DevPrivate& shared_;
    std::unique_ptr<Fabric> fabric_;
    bool served_ = true;
};

}  // namespace famez::pmd
