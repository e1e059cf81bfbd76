// SPDX-License-Identifier: BSD-3-Clause
// The modes: what becomes of a burst. A way has
//
// refresh(): once a round, before the streams;
//
// poll(crossing, stream): takes a burst of a stream, if there is room for it, and says how many;
//
// waiting(): whether serve() has something to do;
//
// serve(crossing, now): looks what is due;
//
// next_due(): when something will be, UINT64_MAX if nothing is;
//
// end(crossing): gives up what it holds.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "address.h"
#include "crossing.h"
#include "flow_cache.h"
#include "mac_table.h"
#include "route_source.h"

namespace famez::fwd {

struct HoldsNothing {
    static constexpr void refresh() {}
    static constexpr bool waiting() { return false; }
    static void serve(Crossing& /*crossing*/, std::uint64_t /*now*/) {}
    static constexpr std::uint64_t next_due() { return UINT64_MAX; }
    static void end(Crossing& /*crossing*/) {}
};

// A burst, and for each frame where it goes. Drivers read and write several packets at once, which
// must not lie across two lines.
struct Burst {
    alignas(RTE_CACHE_LINE_SIZE) std::array<rte_mbuf*, max_at_once> packets;
    std::array<std::uint8_t, max_at_once> to;
};

// --mode io and macswap: port 0 to 1, 1 to 0, 2 to 3, ... Of a single port, back.
template <bool swap>
class PairWay : public HoldsNothing {
  public:
    explicit PairWay(const Crossing& crossing) {
        const std::size_t ports = crossing.outlets.size();
        for (std::size_t i = 0; i < ports; ++i)
            partners_[i] = crossing.outlets[ports == 1 ? 0 : i ^ 1].get();
    }

    [[gnu::always_inline]] std::uint16_t poll(Crossing& crossing, Stream& stream) {
        Outlet& out = *partners_[stream.index];
        if (!out.can_take_all()) [[unlikely]]
            return 0;
        const std::uint16_t count = stream.receive(packets_.data(), crossing.burst, bursts_at_once);
        if (count == 0) return 0;
        if constexpr (swap) {
            for (std::uint16_t i = 0; i < count; ++i)
                swap_addresses(frame_of(packets_[i]));
        }
        out.pass(packets_.data(), count);
        return count;
    }

  private:
    static void swap_addresses(std::uint8_t* frame) {
        std::array<std::uint8_t, 6> to;
        std::memcpy(to.data(), frame, to.size());
        std::memmove(frame, frame + to.size(), to.size());
        std::memcpy(frame + to.size(), to.data(), to.size());
    }

    std::array<Outlet*, max_ports> partners_{};
    alignas(RTE_CACHE_LINE_SIZE) std::array<rte_mbuf*, max_at_once> packets_;
};

// For the modes in which any frame may go anywhere: the burst goes on in one piece if it can.
// Destinations that are no port begin here.
inline constexpr std::uint8_t to_nobody = 0xf0;
static_assert(max_ports <= to_nobody);

template <class Other>
[[gnu::always_inline]] inline void distribute(Crossing& crossing, Burst& burst, std::uint16_t count,
                                              Other&& other) {
    const std::uint8_t first = burst.to[0];
    std::uint8_t differ = 0;
    for (std::uint16_t i = 1; i < count; ++i)
        differ |= burst.to[i] ^ first;
    if (differ == 0 && first < to_nobody &&
        (count >= crossing.burst || crossing.outlet(first).sends_at_once())) [[likely]] {
        crossing.outlet(first).pass(burst.packets.data(), count);
        return;
    }
    for (std::uint16_t i = 0; i < count; ++i) {
        if (burst.to[i] < to_nobody) [[likely]] {
            crossing.outlet(burst.to[i]).gather(burst.packets[i]);
        } else {
            other(burst.to[i], burst.packets[i]);
        }
    }
    crossing.each(crossing.load.waiting, [](Outlet& outlet) { outlet.flush(); });
}

// --mode hub.
class HubWay : public HoldsNothing {
  public:
    std::uint16_t poll(Crossing& crossing, Stream& stream) {
        if (crossing.load.blocked != 0) return 0;
        const std::uint16_t count = stream.receive(packets_.data(), crossing.burst, 1);
        for (std::uint16_t i = 0; i < count; ++i)
            crossing.flood(stream, packets_[i]);
        if (count != 0) {
            crossing.each(crossing.load.waiting, [](Outlet& outlet) { outlet.flush(); });
        }
        return count;
    }

  private:
    alignas(RTE_CACHE_LINE_SIZE) std::array<rte_mbuf*, max_burst> packets_;
};

// --mode switch.
class BridgeWay : public HoldsNothing {
  public:
    explicit BridgeWay(MacTable& table) : table_(table) {}

    [[gnu::always_inline]] std::uint16_t poll(Crossing& crossing, Stream& stream) {
        if (crossing.load.blocked != 0) [[unlikely]]
            return 0;
        const std::uint16_t count =
            stream.receive(burst_.packets.data(), crossing.burst, bursts_at_once);
        if (count == 0) return 0;
        decide(stream, count);
        distribute(crossing, burst_, count, [&](std::uint8_t to, rte_mbuf* packet) {
            dispose(crossing, stream, to, packet);
        });
        return count;
    }

  private:
    static constexpr std::uint8_t to_all = to_nobody;
    static constexpr std::uint8_t to_sender = to_nobody + 1;  // it has it already
    static constexpr std::uint8_t to_none = to_nobody + 2;    // too short to say

    [[gnu::always_inline]] void decide(const Stream& stream, std::uint16_t count) {
        const FlowCache::Reader flows = flows_.read(table_.edition(), stream.index);
        for (std::uint16_t i = 0; i < count; ++i) {
            const rte_mbuf& packet = *burst_.packets[i];
            if (packet.data_len < ether_header) [[unlikely]] {
                burst_.to[i] = to_none;
                continue;
            }
            const std::uint8_t* const frame = frame_of(&packet);
            const FlowCache::Key key = flows.key_of(frame);
            const std::uint8_t to = flows.find(key);
            burst_.to[i] = to != FlowCache::nothing ? to : search(stream, frame, flows, key);
        }
    }

    [[gnu::noinline]] std::uint8_t search(const Stream& stream, const std::uint8_t* frame,
                                          FlowCache::Reader flows, FlowCache::Key key) {
        const Address source = source_of(frame);
        const auto learned =
            is_group(source) ? MacTable::Learned::known : table_.learn(source, stream.index);
        const Address destination = destination_of(frame);
        if (is_group(destination)) return to_all;
        const auto port = table_.find(destination);
        if (!port) return to_all;
        const std::uint8_t to =
            *port == stream.index ? to_sender : static_cast<std::uint8_t>(*port);
        // Who is not in the table tries again with each frame.
        const bool in_table =
            learned != MacTable::Learned::full && learned != MacTable::Learned::busy;
        if (in_table) flows_.put(flows, key, to);
        return to;
    }

    static void dispose(Crossing& crossing, Stream& stream, std::uint8_t to, rte_mbuf* packet) {
        if (to == to_all) {
            crossing.flood(stream, packet);
        } else {
            crossing.outlet(stream.index)
                .drop(&packet, 1, to == to_sender ? Drop::same_port : Drop::runt);
        }
    }

    MacTable& table_;
    FlowCache flows_;
    Burst burst_;
};

// --mode route.
class RouteWay {
  public:
    RouteWay(RouteSource& source, std::uint32_t worker, std::uint64_t seed,
             std::uint64_t ticks_per_second)
        : source_(source), worker_(worker), seed_(seed), ticks_per_second_(ticks_per_second) {}

    [[gnu::always_inline]] std::uint16_t poll(Crossing& crossing, Stream& stream) {
        if (crossing.load.blocked != 0) [[unlikely]]
            return 0;
        const std::uint16_t count =
            stream.receive(burst_.packets.data(), crossing.burst, bursts_at_once);
        if (count == 0) return 0;
        decide(count);
        distribute(crossing, burst_, count, [&](std::uint8_t to, rte_mbuf* packet) {
            dispose(crossing, stream, to, packet);
        });
        return count;
    }
    [[gnu::always_inline]] void refresh() {
        if (source_.current() != table_) [[unlikely]]
            adopt();
    }
    [[nodiscard]] bool waiting() const { return held_ != 0; }
    void serve(Crossing& crossing, std::uint64_t now);
    [[nodiscard]] std::uint64_t next_due() const;
    void end(Crossing& crossing);

  private:
    static constexpr std::uint8_t to_unknown = to_nobody;
    static constexpr std::uint8_t to_dropped = to_nobody + 1;
    static constexpr std::uint8_t to_none = to_nobody + 2;
    static constexpr std::uint8_t to_wire = to_nobody + 3;  // the route has an impairment

    struct Wire {
        std::unique_ptr<Impairer> impairer;
        std::uint16_t port;
    };

    [[gnu::always_inline]] void decide(std::uint16_t count) {
        for (std::uint16_t i = 0; i < count; ++i) {
            rte_mbuf* const packet = burst_.packets[i];
            if (i + 2 < count) rte_prefetch0(frame_of(burst_.packets[i + 2U]));
            if (packet->data_len < ether_header) [[unlikely]] {
                burst_.to[i] = to_none;
                continue;
            }
            burst_.to[i] = choose(frame_of(packet));
        }
    }

    [[gnu::always_inline]] std::uint16_t choose(std::uint8_t* frame) const {
        const Route& route = table_->find(destination_of(frame));
        if (route.drop) [[unlikely]]
            return route.unknown ? to_unknown : to_dropped;
        if (route.impairer != 0) return to_wire;
        if (route.rewrite) std::memcpy(frame, &route.to, 6);
        return route.port;
    }

    void adopt();
    template <class Take>
    void move_on(Crossing& crossing, const Wire& wire, Take&& take);
    void dispose(Crossing& crossing, Stream& stream, std::uint8_t to, rte_mbuf* packet);
    void hold(Crossing& crossing, Stream& stream, rte_mbuf* packet);
    void offer(Crossing& crossing, const Wire& wire, rte_mbuf* packet, std::uint64_t now);

    RouteSource& source_;
    const std::uint32_t worker_;
    const std::uint64_t seed_;
    const std::uint64_t ticks_per_second_;
    const RouteTable* table_ = nullptr;
    std::vector<Wire> wires_;    // of the table's impairments
    std::vector<Wire> leaving_;  // of the tables before it
    std::uint32_t held_ = 0;
    Burst burst_;
};

}  // namespace famez::fwd
