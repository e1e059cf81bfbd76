// SPDX-License-Identifier: BSD-3-Clause
#include "counter_table.h"

namespace famez {
namespace {

using C = layout::PortCounters;

constexpr CounterName table[] = {
    {"tx_messages", "Messages sent", &C::tx_messages},
    {"tx_bytes", "Bytes of messages sent", &C::tx_bytes},
    {"tx_lost_in_flight", "Messages sent whose receiver ended before it took them",
     &C::tx_lost_in_flight},
    {"tx_no_port_dropped", "Messages dropped because nobody is up at the destination",
     &C::tx_no_port_dropped},
    {"tx_stalled_dropped", "Messages dropped because the destination made no progress for too long",
     &C::tx_stalled_dropped},
    {"tx_flood_dropped", "Copies of broadcast messages that found a full lane",
     &C::tx_flood_dropped},
    {"tx_invalid_dropped", "Messages dropped because they are too long or malformed",
     &C::tx_invalid_dropped},
    {"tx_full", "Bursts cut short by a full lane", &C::tx_full},
    {"tx_lanes_requested", "Requests for a lane, repeated ones included", &C::tx_lanes_requested},
    {"tx_lanes_opened", "Lanes opened for sending", &C::tx_lanes_opened},
    {"tx_lanes_lost", "Lanes that ended while they were used for sending", &C::tx_lanes_lost},
    {"tx_doorbells", "Doorbells rung", &C::tx_doorbells},
    {"tx_references", "Messages that were lent, not copied", &C::tx_references},
    {"tx_reference_bytes", "Bytes of messages that were lent", &C::tx_reference_bytes},
    {"tx_credits_ignored", "Credits for what was not lent", &C::tx_credits_ignored},
    {"tx_unsummed", "Frames sent without their checksums", &C::tx_unsummed},
    {"rx_messages", "Messages received", &C::rx_messages},
    {"rx_bytes", "Bytes of messages received", &C::rx_bytes},
    {"rx_no_buffer", "Polls that found the buffer pool empty", &C::rx_no_buffer},
    {"rx_too_long", "Messages dropped because they exceed the limit of the application",
     &C::rx_too_long},
    {"rx_lane_poisoned", "Lanes stopped because of an impossible record", &C::rx_lane_poisoned},
    {"rx_lanes_granted", "Requests for a lane answered with a ring", &C::rx_lanes_granted},
    {"rx_lanes_refused", "Requests for a lane refused because the slab is full",
     &C::rx_lanes_refused},
    {"rx_rings_held", "Rings of the slab in use", &C::rx_rings_held, true},
    {"rx_doorbells", "Doorbells that arrived", &C::rx_doorbells},
    {"rx_sleeps", "Times the port went to sleep", &C::rx_sleeps},
    {"rx_references", "Messages whose bytes stayed with their sender", &C::rx_references},
    {"rx_reference_bytes", "Bytes of those messages", &C::rx_reference_bytes},
    {"rx_unsummed", "Frames received without their checksums", &C::rx_unsummed},
};

}  // namespace

std::span<const CounterName> counter_table() {
    return table;
}

}  // namespace famez
