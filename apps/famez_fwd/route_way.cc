// SPDX-License-Identifier: BSD-3-Clause
// --mode route: what is not done for every frame.
#include <algorithm>
#include <iterator>

#include "ways.h"

namespace famez::fwd {

void RouteWay::dispose(Crossing& crossing, Stream& stream, std::uint8_t to, rte_mbuf* packet) {
    Outlet& back = crossing.outlet(stream.index);
    switch (to) {
        case to_wire:
            return hold(crossing, stream, packet);
        case to_dropped:
            return back.drop(&packet, 1, Drop::by_route);
        case to_none:
            return back.drop(&packet, 1, Drop::runt);
        default:
            return back.drop(&packet, 1, Drop::no_route);
    }
}

void RouteWay::hold(Crossing& crossing, Stream& stream, rte_mbuf* packet) {
    const Route& route = table_->find(destination_of(frame_of(packet)));
    if (route.rewrite) std::memcpy(frame_of(packet), &route.to, 6);
    Wire& wire = wires_[route.impairer - 1U];
    wire.port = route.port;
    const std::uint64_t now = rte_rdtsc();
    if (wire.impairer->duplicates()) {
        add(stream.counters->copies, 1);
        if (rte_mbuf* copy = rte_pktmbuf_copy(packet, crossing.pool, 0, UINT32_MAX)) {
            offer(crossing, wire, copy, now);
        } else {
            stream.counters->drop(Drop::no_memory, 1);
        }
    }
    offer(crossing, wire, packet, now);
}

void RouteWay::offer(Crossing& crossing, const Wire& wire, rte_mbuf* packet, std::uint64_t now) {
    switch (wire.impairer->offer(packet, packet->pkt_len, now)) {
        case Fate::held:
            ++held_;
            return;
        case Fate::lost:
            return crossing.outlet(wire.port).drop(&packet, 1, Drop::lost);
        case Fate::full:
            return crossing.outlet(wire.port).drop(&packet, 1, Drop::held_full);
    }
}

void RouteWay::serve(Crossing& crossing, std::uint64_t now) {
    for (const Wire& wire : wires_) {
        move_on(crossing, wire, [now](Impairer& impairer, void** packet) {
            return impairer.release(packet, 1, now);
        });
    }
    for (const Wire& wire : leaving_) {
        move_on(crossing, wire,
                [](Impairer& impairer, void** packet) { return impairer.empty_into(packet, 1); });
    }
    std::erase_if(leaving_, [](const Wire& wire) { return wire.impairer->held() == 0; });
    crossing.each(crossing.load.waiting, [](Outlet& outlet) { outlet.flush(); });
}

// To the outlet, as long as it has room and `take` has frames.
template <class Take>
void RouteWay::move_on(Crossing& crossing, const Wire& wire, Take&& take) {
    Outlet& out = crossing.outlet(wire.port);
    void* packet = nullptr;
    while (out.can_take_one() && take(*wire.impairer, &packet) != 0) {
        --held_;
        out.gather(static_cast<rte_mbuf*>(packet));
    }
}

std::uint64_t RouteWay::next_due() const {
    if (!leaving_.empty()) return 0;
    std::uint64_t due = UINT64_MAX;
    for (const Wire& wire : wires_)
        due = std::min(due, wire.impairer->next_due());
    return due;
}

// What the old routes' wires hold leaves as soon as there is room: a reload loses nothing.
void RouteWay::adopt() {
    std::move(wires_.begin(), wires_.end(), std::back_inserter(leaving_));
    wires_.clear();
    std::erase_if(leaving_, [](const Wire& wire) { return wire.impairer->held() == 0; });
    table_ = source_.current();
    for (const Impairment& impairment : table_->impairments()) {
        wires_.push_back(
            {std::make_unique<Impairer>(impairment, seed_ + wires_.size(), ticks_per_second_), 0});
    }
    source_.adopted(worker_, table_);
}

void RouteWay::end(Crossing& crossing) {
    adopt();
    for (const Wire& wire : leaving_) {
        void* packet = nullptr;
        while (wire.impairer->empty_into(&packet, 1) != 0) {
            auto* frame = static_cast<rte_mbuf*>(packet);
            crossing.outlet(wire.port).drop(&frame, 1, Drop::at_end);
        }
    }
    held_ = 0;
}

}  // namespace famez::fwd
