// SPDX-License-Identifier: BSD-3-Clause
//
// What the server, and only the server, writes of the port table: who holds which id. The server
// keeps its own copy of every word and restores it, as any port can scribble over the region.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <famez/geometry.h>
#include <famez/mailbox.h>
#include <famez/port_table.h>

namespace famez {

// Not thread-safe; used from the server's event loop.
class ServerTable {
  public:
    // Takes over the generations that stand in the region (a new region holds zeroes) and bumps the
    // server's epoch. `region` must outlive this.
    ServerTable(std::span<std::byte> region, const Geometry& geometry, std::uint32_t vectors,
                MailDialect dialect = MailDialect::with_class);

    // The id (1..ports) has a holder from now on: a new generation, assigned = 1.
    void assign(std::uint32_t id);
    // Its holder has ended (its socket closed: it can store no more): a new generation,
    // assigned = 0, state absent, start count 0, name, addresses, counters and mail slot
    // cleared; lanes and arena untouched. Every port is told by the table's generation.
    void end(std::uint32_t id);
    // The server's own way to the mail area.
    [[nodiscard]] const Mailbox& mailbox() const { return mailbox_; }
    [[nodiscard]] bool assigned(std::uint32_t id) const;
    // False when the id's generation has reached its end (2^31 holders, two generations each):
    // never assigned again.
    [[nodiscard]] bool usable(std::uint32_t id) const;

    // Lanes of ports that sleep now, or say so (S6): whoever changes the table rings them. The
    // vector can be a lie.
    struct SleepingLane {
        std::uint32_t id;
        std::uint64_t vector;
    };
    [[nodiscard]] std::vector<SleepingLane> sleepers() const;

    // To be called a few times a second: moves the heartbeat and restores the header and the
    // assignment lines from the private copies.
    void tick();

  private:
    struct Holder {
        std::uint32_t generation = 0;
        bool assigned = false;
    };
    void write_assignment(std::uint32_t id);
    void clear_port_lines(std::uint32_t id);

    std::span<std::byte> region_;
    Geometry geometry_;
    std::uint32_t vectors_;
    Mailbox mailbox_;
    TableBell bell_;
    std::uint64_t epoch_;
    std::uint64_t heartbeat_ = 0;
    std::vector<Holder> holders_;  // by id; [0] unused
};

}  // namespace famez
