// SPDX-License-Identifier: BSD-3-Clause
// Frames in packet buffers: telling them apart, and building them. fabric_frame.h has the functions
// of the same names for --api fabric.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <rte_mbuf.h>

#include "control.h"
#include "ethdev_port.h"
#include "verify.h"
#include "wire.h"

namespace famez::pingpong {

inline std::uint8_t* frame_of(const rte_mbuf* packet) {
    return rte_pktmbuf_mtod(packet, std::uint8_t*);
}

inline std::uint32_t size_of(const rte_mbuf* packet) {
    return packet->pkt_len;
}

// How many bytes lie at frame_of(): a frame may be a chain.
inline std::uint32_t first_piece_of(const rte_mbuf* packet) {
    return packet->data_len;
}

// Looks at the first bytes only if the first segment holds them.
inline bool is_type(const rte_mbuf* packet, std::uint16_t type) {
    return packet->data_len >= min_frame && frame_type(frame_of(packet)) == type;
}

inline std::optional<ReceivedControl> parse_control(const rte_mbuf* packet) {
    if (packet->pkt_len != control_frame) return std::nullopt;
    std::array<std::uint8_t, control_frame> copy;
    const void* const frame = rte_pktmbuf_read(packet, 0, control_frame, copy.data());
    if (frame == nullptr) return std::nullopt;
    return read_control({static_cast<const std::uint8_t*>(frame), control_frame});
}

// Readies a raw buffer of a pool for sending: what rte_pktmbuf_reset() does, without the fields
// that no driver may look at while ol_flags says nothing of them.
inline void ready_for_sending(rte_mbuf* packet, std::uint32_t size) {
    packet->data_off = RTE_PKTMBUF_HEADROOM;
    packet->port = RTE_MBUF_PORT_INVALID;
    packet->ol_flags &= RTE_MBUF_F_EXTERNAL;  // a pool's buffers may lie elsewhere for good
    packet->pkt_len = size;
    packet->data_len = static_cast<std::uint16_t>(size);
}

// The payload of a message as pieces; `pieces` is the caller's, so that its memory is used again.
inline void collect_payload(const rte_mbuf* packet, std::vector<Piece>& pieces) {
    pieces.clear();
    std::size_t skip = ether_header;
    for (const rte_mbuf* part = packet; part != nullptr; part = part->next) {
        if (part->data_len > skip) pieces.push_back({frame_of(part) + skip, part->data_len - skip});
        skip = part->data_len > skip ? 0 : skip - part->data_len;
    }
}

inline void verify_frame(const rte_mbuf* packet, Verifier& verifier, std::vector<Piece>& scratch) {
    if (packet->nb_segs == 1) {
        verifier.accept(frame_of(packet) + ether_header, packet->data_len - ether_header);
        return;
    }
    collect_payload(packet, scratch);
    verifier.accept(scratch);
}

// Builds data messages. Returns how many: all, or none when the pool is empty.
class EthdevPort::Builder {
  public:
    explicit Builder(const EthdevPort& port)
        : pool_(port.pool()),
          segment_size_(port.segment_size()),
          mac_(port.mac()),
          header_(broadcast_address, mac_, data_type) {}

    void aim_at(const MacAddress& to) { header_ = HeaderTemplate(to, mac_, data_type); }

    // All of one size, which fits one segment.
    template <bool with_pattern>
    std::uint32_t build_fixed(rte_mbuf** packets, std::uint32_t count, std::uint64_t sequence,
                              std::uint32_t size) const {
        // Not rte_pktmbuf_alloc_bulk(): its reset writes the second cache line of each buffer too.
        if (rte_mempool_get_bulk(pool_, reinterpret_cast<void**>(packets), count) != 0) {
            return 0;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            ready_for_sending(packets[i], size);
            std::uint8_t* const frame = frame_of(packets[i]);
            header_.write(frame, sequence + i);
            if constexpr (with_pattern) {
                if (size > pattern_start) {
                    write_pattern(frame + pattern_start, size - pattern_start,
                                  pattern_start - ether_header, sequence + i);
                }
            }
        }
        return count;
    }

    // Each of its own size, in as many segments as it takes. Adds up the frames' bytes.
    template <bool with_pattern>
    [[gnu::always_inline]] std::uint32_t build_planned(rte_mbuf** packets, std::uint32_t count,
                                                       std::uint64_t sequence,
                                                       const SizePlan& plan) const {
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t size = plan.size_of(sequence + i);
            packets[i] = build_one(size);
            if (packets[i] == nullptr) [[unlikely]] {
                rte_pktmbuf_free_bulk(packets, i);
                return 0;
            }
            header_.write(frame_of(packets[i]), sequence + i);
            if constexpr (with_pattern) fill(packets[i], sequence + i);
        }
        return count;
    }

  private:
    static constexpr std::uint32_t pattern_start = HeaderTemplate::bytes;

    [[nodiscard]] rte_mbuf* build_one(std::uint32_t size) const {
        const std::uint32_t first = std::min(size, segment_size_);
        rte_mbuf* const head = rte_pktmbuf_alloc(pool_);
        if (head == nullptr) return nullptr;
        head->data_len = static_cast<std::uint16_t>(first);
        head->pkt_len = size;
        rte_mbuf* last = head;
        for (std::uint32_t done = first; done < size;) {
            rte_mbuf* const next = rte_pktmbuf_alloc(pool_);
            if (next == nullptr) {
                rte_pktmbuf_free(head);
                return nullptr;
            }
            next->data_len = static_cast<std::uint16_t>(std::min(size - done, segment_size_));
            done += next->data_len;
            last->next = next;
            last = next;
            ++head->nb_segs;
        }
        return head;
    }

    static void fill(rte_mbuf* packet, std::uint64_t sequence) {
        std::size_t offset = pattern_start - ether_header;
        std::size_t skip = pattern_start;
        for (rte_mbuf* part = packet; part != nullptr; part = part->next) {
            if (part->data_len > skip) {
                write_pattern(frame_of(part) + skip, part->data_len - skip, offset, sequence);
                offset += part->data_len - skip;
            }
            skip = 0;
        }
    }

    rte_mempool* pool_;
    std::uint32_t segment_size_;
    MacAddress mac_;
    HeaderTemplate header_;
};

}  // namespace famez::pingpong
