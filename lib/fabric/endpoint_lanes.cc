// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/endpoint_lanes.h>

namespace famez {

Doorbell QueuePlan::doorbell() const {
    if (eventfds.empty()) return Doorbell();
    return alone && eventfds.size() == 1 ? Doorbell(eventfds.front()) : Doorbell(eventfds);
}

std::uint16_t vector_of_lane(const Geometry& geometry, std::uint32_t lane, std::size_t vectors) {
    const std::size_t mail = geometry.ports + 2;
    if (lane == 0 || vectors < mail + geometry.lanes - 1) return 0;
    return static_cast<std::uint16_t>(mail + lane - 1);
}

std::vector<QueuePlan> plan_queues(const Port& port, std::span<const int> eventfds,
                                   std::uint32_t queues) {
    std::vector<QueuePlan> plan(queues);
    const std::uint32_t last = port.lanes() - 1;
    const bool shared = last != 0 && vector_of_lane(port.geometry(), last, eventfds.size()) == 0;
    for (std::uint32_t lane = 0; lane < port.lanes(); ++lane) {
        QueuePlan& queue = plan[lane % queues];
        const std::uint16_t vector = vector_of_lane(port.geometry(), lane, eventfds.size());
        queue.lanes.push_back({lane, vector});
        queue.alone = queues == 1 || !shared;
        if (eventfds.empty()) continue;
        const int eventfd = eventfds[vector];
        if (std::find(queue.eventfds.begin(), queue.eventfds.end(), eventfd) ==
            queue.eventfds.end()) {
            queue.eventfds.push_back(eventfd);
        }
    }
    return plan;
}

}  // namespace famez
