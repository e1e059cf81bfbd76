// SPDX-License-Identifier: BSD-3-Clause
// What a frame looks like (doc/famez_pingpong.md, "On the wire"). Nothing of DPDK in here.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <variant>

#include "sizes.h"

namespace famez::pingpong {

static_assert(std::endian::native == std::endian::little,
              "frames are little-endian and written as they lie in memory");

using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr MacAddress broadcast_address = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// The address that net_famez gives to the port with this id, in the fabric of this number.
constexpr MacAddress fabric_address(std::uint8_t fabric, std::uint16_t id) {
    return {0x02,
            0xfa,
            0x3e,
            fabric,
            static_cast<std::uint8_t>(id >> 8),
            static_cast<std::uint8_t>(id)};
}

// What such an address holds; 0: it is another one.
constexpr std::uint16_t fabric_id(const MacAddress& mac) {
    const auto id = static_cast<std::uint16_t>(mac[4] << 8 | mac[5]);
    return mac == fabric_address(mac[3], id) ? id : 0;
}
constexpr std::uint8_t fabric_number(const MacAddress& mac) {
    return fabric_id(mac) != 0 ? mac[3] : 0;
}

// Whom to talk to: a port of one's own fabric, by its id, or an address.
using Peer = std::variant<std::uint16_t, MacAddress>;

// The id that it means; 0: none.
constexpr std::uint16_t peer_id(const Peer& peer) {
    const auto* id = std::get_if<std::uint16_t>(&peer);
    return id != nullptr ? *id : fabric_id(std::get<MacAddress>(peer));
}

// The peer's address, for a port that has the address `own`.
constexpr MacAddress address_of(const Peer& peer, const MacAddress& own) {
    const auto* id = std::get_if<std::uint16_t>(&peer);
    return id != nullptr ? fabric_address(fabric_number(own), *id) : std::get<MacAddress>(peer);
}

// IEEE 802's local experimental types, as they lie in memory (network order).
inline constexpr std::uint16_t data_type = 0xB588;
inline constexpr std::uint16_t control_type = 0xB688;

template <typename T>
T load(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <typename T>
void store(std::uint8_t* to, T value) {
    std::memcpy(to, &value, sizeof value);
}

inline std::uint16_t frame_type(const std::uint8_t* frame) {
    return load<std::uint16_t>(frame + 12);
}

inline MacAddress frame_destination(const std::uint8_t* frame) {
    MacAddress mac;
    std::memcpy(mac.data(), frame, mac.size());
    return mac;
}

inline constexpr std::size_t source_offset = 6;

inline MacAddress frame_source(const std::uint8_t* frame) {
    return frame_destination(frame + source_offset);
}

// Header and sequence number go out as three fixed stores, whatever the size: a packet buffer
// always has room for these 22 bytes, and copies of fixed size cost no branch.
class HeaderTemplate {
  public:
    static constexpr std::uint32_t bytes = ether_header + sizeof(std::uint64_t);

    HeaderTemplate(const MacAddress& to, const MacAddress& from, std::uint16_t type) {
        std::array<std::uint8_t, 16> start{};
        std::memcpy(start.data(), to.data(), to.size());
        std::memcpy(start.data() + 6, from.data(), from.size());
        std::memcpy(start.data() + 12, &type, sizeof type);
        low_ = load<std::uint64_t>(start.data());
        high_ = load<std::uint64_t>(start.data() + 8);
    }

    void write(std::uint8_t* frame, std::uint64_t sequence) const {
        store(frame, low_);
        store(frame + 8, high_);
        store(frame + ether_header, sequence);
    }

  private:
    std::uint64_t low_;
    std::uint64_t high_;
};

// A payload is words of 8 bytes, cut off anywhere: word 0 is the sequence number, word i (i > 0) is
// below. Steps by addition, so that compilers make vector code of writing and of checking it.
inline constexpr std::uint64_t pattern_step = 0x9E3779B97F4A7C15U;

constexpr std::uint64_t pattern_word(std::uint64_t sequence, std::uint64_t index) {
    if (index == 0) return sequence;
    return (sequence ^ 0x5851F42D4C957F2DU) * 0xD6E8FEB86659FD93U + index * pattern_step;
}

// Writes the payload bytes [offset, offset + size) of this message.
void write_pattern(std::uint8_t* to, std::size_t size, std::size_t offset, std::uint64_t sequence);

// Whether the bytes are those.
bool matches_pattern(const std::uint8_t* from, std::size_t size, std::size_t offset,
                     std::uint64_t sequence);

enum class Control : std::uint16_t {
    hello = 1,      // sender: a stream begins, or goes on after an interruption
    hello_ack = 2,  // receiver: go
    end = 3,        // sender: that was all; totals in sent_messages, next_sequence
    end_ack = 4,    // receiver: my totals
    who = 5,        // receiver: data comes but I know no stream; say hello
};

// A control frame's payload. It never has another size, and its size tells it apart without a look
// at the frame (the receiver that touches nothing).
// With several TX queues each has its own sequence, whose number it carries in the highest byte:
// order is kept within a queue only.
inline constexpr std::uint32_t queue_shift = 56;
constexpr std::uint64_t queue_sequence(std::uint32_t queue) {
    return std::uint64_t{queue} << queue_shift;
}
inline constexpr std::uint32_t max_queues = 64;
// The shortest frame that tells all of its sequence number.
inline constexpr std::uint32_t min_queues_frame = ether_header + sizeof(std::uint64_t);

struct ControlMessage {
    static constexpr std::uint32_t magic_value = 0x50505A46;  // "FZPP"
    static constexpr std::uint16_t version_value = 1;

    std::uint32_t magic = magic_value;
    std::uint16_t version = version_value;
    Control kind{};
    std::uint64_t session = 0;  // random; new for each start of a sender
    std::uint32_t run = 0;      // counts the sizes of a sweep
    std::uint32_t last_run = 0;
    std::uint32_t size_min = 0;
    std::uint32_t size_max = 0;
    std::uint64_t warmup = 0;
    std::uint64_t next_sequence = 0;
    std::uint64_t sent_messages = 0;
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t corrupted = 0;
    std::uint8_t verified = 0;
    std::uint8_t queues = 0;  // of a tx that sends on several (queue_sequence()); else 0
    std::uint16_t reserved = 0;
    std::uint32_t role = 0;  // the writer's, an enum Role
};
static_assert(sizeof(ControlMessage) == 104);
inline constexpr std::uint32_t control_frame = ether_header + sizeof(ControlMessage);

// Whether it can be one of ours: a frame is the word of a stranger.
inline bool plausible(const ControlMessage& message) {
    return message.magic == ControlMessage::magic_value &&
           message.version == ControlMessage::version_value && message.kind >= Control::hello &&
           message.kind <= Control::who && message.size_min >= min_frame &&
           message.size_min <= message.size_max && message.size_max <= max_message;
}

}  // namespace famez::pingpong
