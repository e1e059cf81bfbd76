// SPDX-License-Identifier: BSD-3-Clause
//
// A port's way into the fabric, as one object: what the primary process keeps behind an ethdev.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <famez/address_book.h>
#include <famez/counters.h>
#include <famez/transport.h>

#include "addresses.h"
#include "devargs.h"
#include "fabric.h"
#include "mail.h"
#include "stall_watch.h"
#include "zero_copy.h"

namespace famez::pmd {

// In memory shared with secondary processes: plain words only, no pointers, no vtable.
struct DevPrivate {
    // By queue. Those of handshakes are by lane: RX queue q also has the lanes q + queues, ...
    std::array<TxCounters, layout::lanes_max> tx;
    std::array<RxCounters, layout::lanes_max> rx;
    // What the counters were at the last reset of the statistics.
    std::array<TxCounters, layout::lanes_max> tx_base;
    std::array<RxCounters, layout::lanes_max> rx_base;
    MailCounters mail;
    MailCounters mail_base;
    std::uint32_t id;
    std::uint32_t number;  // the fabric's
    std::uint32_t peer;
    std::uint32_t frame_max;  // the longest frame that one record holds
    std::uint32_t lanes;      // the region's: queues each way at most
    bool unsummed;            // the application may ask for frames without checksums
};

// What one TX queue knows of the other ports: whose an address is, and which lanes stand still.
struct Outlook {
    Outlook(Port& port, std::uint32_t stall_ms)
        : book(port.region(), port.geometry()), stalls(port.geometry().ports, stall_ms) {}
    AddressBook book;
    StallWatch stalls;
};

// Held by telemetry, which comes from a thread of its own at any time, while it looks at an
// attachment; and by who ends one.
extern std::mutex attachments_mutex;

class Attachment {
  public:
    // Joins the fabric through `transport`. `after_tick` is called from the control thread, with
    // the link as it is then, and may end this object. Throws FabricError.
    Attachment(std::string name, std::unique_ptr<Transport> transport, const Devargs& devargs,
               DevPrivate& shared, std::function<void(bool)> after_tick);
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    ~Attachment();

    // False after a restart() that failed.
    [[nodiscard]] bool joined() const { return fabric_ != nullptr; }
    [[nodiscard]] Fabric& fabric() { return *fabric_; }
    // What the application wants to hear; for whoever changes it to publish.
    [[nodiscard]] Addresses& addresses() { return addresses_; }
    // Of a TX queue; made when first asked for, and anew after restart(). Not while it sends.
    [[nodiscard]] Outlook& outlook(std::uint32_t queue);
    // Looks whether the port table has changed, as each tick does.
    void refresh_outlooks();
    [[nodiscard]] ZeroCopy& zero_copy() { return zero_copy_; }
    // Before a start: what devarg lend asks for. Throws FabricError.
    void make_copies(std::uint32_t frame_max, int socket);
    // nullptr when the port has no mail.
    [[nodiscard]] MailPort* mail() { return mail_.get(); }
    [[nodiscard]] std::uint32_t peer() const { return devargs_.peer; }
    [[nodiscard]] MemoryType memory_type() const { return transport_->memory_type(); }
    // Point-to-point: the peer is up and its heartbeat moves. Fabric: always.
    [[nodiscard]] bool link_up() const;
    // A new epoch on the same attachment (ethdev reset); what fabric() returned is gone. Throws
    // FabricError; then nothing but link_up() and destruction is left. Not while the application
    // holds packets that lie in others' arenas.
    void restart();
    // The application goes on reading others' memory: nothing is unmapped, and nothing more is
    // done.
    void abandon();

  private:
    static void on_alarm(void* self);
    void join();
    void join_mail();
    bool tick();

    std::string name_;
    std::unique_ptr<Transport> transport_;
    Devargs devargs_;
    DevPrivate& shared_;
    std::function<void(bool)> after_tick_;
    Addresses addresses_;
    ZeroCopy zero_copy_;
    std::unique_ptr<Fabric> fabric_;
    std::mutex outlooks_mutex_;  // the list's; the books know how to be refreshed while read
    std::vector<std::unique_ptr<Outlook>> outlooks_;  // by TX queue
    std::unique_ptr<MailPort> mail_;
    bool served_ = true;
};

}  // namespace famez::pmd
