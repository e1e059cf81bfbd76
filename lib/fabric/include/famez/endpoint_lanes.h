// SPDX-License-Identifier: BSD-3-Clause
//
// Which receive queue has which lanes, and what rings it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <famez/doorbell.h>
#include <famez/port.h>
#include <famez/sleeper.h>

namespace famez {

struct QueuePlan {
    std::vector<SleepLane> lanes;
    std::vector<int> eventfds;  // those of its lanes' vectors, each once; none: no doorbells
    bool alone = true;          // no other queue waits for them

    // Throws FabricError.
    [[nodiscard]] Doorbell doorbell() const;
};

// The vector of a lane's doorbells, for a port that has so many. Vector 0 is lane 0's, and the
// mailbox needs those as far as ports + 1; of what is left each further lane has one, if there are
// enough for all of them. If not, all lanes share vector 0.
std::uint16_t vector_of_lane(const Geometry& geometry, std::uint32_t lane, std::size_t vectors);

// For `queues` receive queues: lane l is polled by queue l modulo `queues`.
std::vector<QueuePlan> plan_queues(const Port& port, std::span<const int> eventfds,
                                   std::uint32_t queues);

}  // namespace famez
