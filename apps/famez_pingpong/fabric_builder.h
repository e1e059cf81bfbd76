// SPDX-License-Identifier: BSD-3-Clause
// Makes data messages for --api fabric in memory of the sender's own, as a program has them: they
// are copied into the lane when they are sent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fabric_port.h"
#include "sizes.h"
#include "wire.h"

namespace famez::pingpong {

class FabricPort::Builder {
  public:
    explicit Builder(FabricPort& port)
        : port_(port),
          header_(broadcast_address, port.mac(), data_type),
          memory_(std::max(memory_least, place_of(port.largest_sent()))) {}

    void aim_at(const MacAddress& to) {
        header_ = HeaderTemplate(to, port_.mac(), data_type);
        port_.aim_at(to);
    }

    // Both say how many: fewer than asked for where messages are large. They are good until the
    // next call.
    template <bool with_pattern>
    std::uint32_t build_fixed(Packet* messages, std::uint32_t count, std::uint64_t sequence,
                              std::uint32_t size) {
        return build<with_pattern>(messages, count, sequence, size,
                                   [size](std::uint64_t) { return size; });
    }

    template <bool with_pattern>
    std::uint32_t build_planned(Packet* messages, std::uint32_t count, std::uint64_t sequence,
                                const SizePlan& plan) {
        return build<with_pattern>(messages, count, sequence, plan.range().max,
                                   [&plan](std::uint64_t s) { return plan.size_of(s); });
    }

  private:
    // Of a CPU's second cache: what a sender has just made is there too.
    static constexpr std::size_t memory_least = std::size_t{256} << 10;

    // With room for copies of fixed size.
    static constexpr std::size_t place_of(std::uint32_t size) {
        return (size + std::size_t{2} * record::small_bytes - 1) / record::small_bytes *
               record::small_bytes;
    }

    template <bool with_pattern, class SizeOf>
    std::uint32_t build(Packet* messages, std::uint32_t count, std::uint64_t sequence,
                        std::uint32_t largest, SizeOf&& size_of) {
        if (largest != largest_) {
            largest_ = largest;
            place_ = place_of(largest);
            places_ = static_cast<std::uint32_t>(memory_.size() / place_);
        }
        const std::uint32_t built = std::min(count, places_);
        for (std::uint32_t i = 0; i < built; ++i) {
            std::uint8_t* const frame = memory_.data() + i * place_;
            const std::uint32_t size = size_of(sequence + i);
            header_.write(frame, sequence + i);
            if constexpr (with_pattern) {
                if (size > HeaderTemplate::bytes) {
                    write_pattern(frame + HeaderTemplate::bytes, size - HeaderTemplate::bytes,
                                  HeaderTemplate::bytes - ether_header, sequence + i);
                }
            }
            messages[i] = {frame, size};
        }
        return built;
    }

    FabricPort& port_;
    HeaderTemplate header_;
    std::vector<std::uint8_t> memory_;
    std::uint32_t largest_ = 0;  // what the following two are for
    std::size_t place_ = 0;
    std::uint32_t places_ = 0;
};

}  // namespace famez::pingpong
