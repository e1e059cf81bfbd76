// SPDX-License-Identifier: BSD-3-Clause
//
// One look at the fabric, for everybody who shows it: console, mail and REST. What stands in the
// region is the ports' word for it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <famez/geometry.h>
#include <famez/lane_view.h>
#include <famez/mailbox.h>
#include <famez/port_table.h>

#include "mail_desk.h"
#include "presence.h"

namespace famez {

// An id that somebody holds.
struct PortReport {
    std::uint32_t id = 0;
    std::string node_name;  // empty: it has not said
    std::string component_class;
    std::uint64_t cid = 0;
    std::uint64_t sid = 0;
    PortView view;  // of its native side; absent when it has none
    Attendance attendance;
    layout::PortCounters counters{};

    // "up", "stopped", or "attached": there, and no native port.
    [[nodiscard]] const char* state() const;
};

struct LaneReport {
    std::uint32_t destination;
    std::uint32_t source;
    std::uint32_t lane;
    LaneView view;
};

// What there is to look at. A stock server has no region that it could look into.
struct FabricPlace {
    std::span<std::byte> region;
    Geometry geometry;
    Mailbox mailbox;
};

class FabricReport {
  public:
    // `desk`: null when the server exchanges no mail. Everything outlives this.
    FabricReport(const std::optional<FabricPlace>& place, const Presence& presence,
                 const MailDesk* desk)
        : place_(place), presence_(presence), desk_(desk) {}

    // The ids are 1 to this; a stock server's have no end.
    [[nodiscard]] std::optional<std::uint32_t> port_limit() const {
        return place_ ? std::optional(place_->geometry.ports) : std::nullopt;
    }
    [[nodiscard]] const Presence& presence() const { return presence_; }
    [[nodiscard]] MailCounters mail() const;
    // As it shows itself; nothing when it is no peer.
    [[nodiscard]] std::optional<PortReport> server() const;

    // Those attached, by id.
    [[nodiscard]] std::vector<PortReport> ports() const;

    // A look touches the lane block of each pair: more of them than this are too many at once.
    static constexpr std::uint64_t lanes_at_once = 4096;
    // Lanes between ports attached that are not closed, those of `port` alone if given. Nothing
    // when they are too many to be looked at.
    [[nodiscard]] std::optional<std::vector<LaneReport>> lanes(
        std::optional<std::uint32_t> port) const;

  private:
    [[nodiscard]] PortReport report(std::uint32_t id, const Attendance& attendance) const;
    void add_mail_identity(PortReport& port) const;
    void add_lanes(std::vector<LaneReport>& lanes, std::uint32_t destination,
                   std::uint32_t source) const;

    const std::optional<FabricPlace>& place_;
    const Presence& presence_;
    const MailDesk* desk_;
};

}  // namespace famez
