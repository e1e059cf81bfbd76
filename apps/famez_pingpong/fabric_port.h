// SPDX-License-Identifier: BSD-3-Clause
// A port of the fabric by lib/fabric's own message API, without DPDK's EAL or an ethdev: for
// messages beyond a frame. port.h says what the nested classes are for.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <famez/address_book.h>
#include <famez/endpoint.h>
#include <famez/instances.h>
#include <famez/socket_transport.h>

#include "fabric_frame.h"
#include "options.h"
#include "port.h"

namespace famez::pingpong {

class FabricPort final : public Port {
  public:
    // A message in the sender's memory, with record::small_bytes readable bytes at least.
    struct Packet {
        const std::uint8_t* data;
        std::uint32_t size;
    };
    struct Received {};  // messages are looked at where they lie
    class Builder;
    class Inbox;
    class Answers;

    // Attaches, and binds the calling thread to the CPU that was asked for.
    explicit FabricPort(const Options& options);

    [[nodiscard]] std::uint16_t id() const override { return transport_.id(); }
    [[nodiscard]] const std::string& driver() const override { return driver_; }
    [[nodiscard]] const MacAddress& mac() const override { return mac_; }
    [[nodiscard]] std::uint32_t largest_frame() const override { return payload_max_; }
    [[nodiscard]] std::uint32_t segment_size() const { return payload_max_; }
    [[nodiscard]] bool link_up() override;
    bool send_frame(std::span<const std::uint8_t> frame) override;
    void receive_control(const std::function<void(const ReceivedControl&)>& visit) override;
    [[nodiscard]] std::unique_ptr<Interrupt> make_interrupt() override;
    void add_statistics(nlohmann::ordered_json& json) const override;
    [[nodiscard]] std::string statistics_line() const override;

    // The largest of the messages that this end sends by itself.
    [[nodiscard]] std::uint32_t largest_sent() const { return largest_sent_; }

    // Where the next messages go: that port's end is then this link's.
    void aim_at(const MacAddress& to) { partner_ = id_at(to.data()); }

    // To where the first one is addressed, all of them.
    [[gnu::always_inline]] std::uint16_t send(const Packet* messages, std::uint16_t count) {
        sender().housekeep();
        const std::uint32_t to = id_at(messages->data);
        if (to == 0) [[unlikely]]
            return flood(messages, count);
        return send_to(to, messages, count);
    }
    static void free(const Packet* /*messages*/, std::uint32_t /*count*/) {}
    static void reclaim() {}
    static void use_queue(std::uint16_t /*queue*/) {}  // it has one

  private:
    using Burst = typename Producer<WriteBack>::Burst;

    famez::Sender<WriteBack>& sender() { return endpoint_.sender(); }

    [[gnu::always_inline]] bool ready(std::uint32_t id) {
        return sender().to(id).ready() || sender().service(id);
    }
    [[gnu::always_inline]] std::uint16_t send_to(std::uint32_t to, const Packet* messages,
                                                 std::uint16_t count) {
        if (!ready(to)) [[unlikely]]
            return 0;
        Burst burst(sender().to(to));
        std::uint16_t done = 0;
        std::uint64_t bytes = 0;
        for (; done < count && append(burst, messages[done]); ++done)
            bytes += messages[done].size;
        finish(burst, to, done, bytes);
        if (done < count) found_full(to);
        return done;
    }
    [[gnu::always_inline]] static bool append(Burst& burst, const Packet& message) {
        if (message.size <= record::small_bytes) {
            return burst.append_small(message.data, message.size);
        }
        std::byte* const to = burst.append(message.size);
        if (to == nullptr) return false;
        std::memcpy(to, message.data, message.size);
        return true;
    }
    [[gnu::always_inline]] void finish(Burst& burst, std::uint32_t to, std::uint32_t messages,
                                       std::uint64_t bytes) {
        burst.finish(messages);
        sender().notify(to);
        add(tx_.messages, messages);
        add(tx_.bytes, bytes);
    }
    void found_full(std::uint32_t to);
    // To all that hear the first one's address, as well as they can take it.
    std::uint16_t flood(const Packet* messages, std::uint16_t count);
    // Whose the address is; 0: not one port's.
    [[nodiscard]] [[gnu::always_inline]] std::uint32_t id_at(const std::uint8_t* address) {
        const bool derived = load<std::uint32_t>(address) == prefix_;
        const std::uint32_t id = derived ? address[4] << 8U | address[5] : 0;
        return id - 1 < ports_ ? id : recipient_of(frame_destination(address));
    }
    [[nodiscard]] std::uint32_t recipient_of(const MacAddress& mac);
    [[nodiscard]] bool gone(std::uint32_t id);
    void check(const Options& options) const;
    void keep_ticking(const std::stop_token& stop);

    std::string driver_ = "lib/fabric";
    SocketTransport transport_;
    std::uint32_t peer_;         // the only one to talk with; 0: whoever is there
    std::uint32_t partner_ = 0;  // to whom this end sends; 0: nobody in particular
    TxCounters tx_;
    RxCounters rx_;
    Endpoint<WriteBack> endpoint_;
    AddressBook book_;
    MacAddress mac_;
    std::uint32_t prefix_;  // mac_'s first four octets, as those of all ports of the fabric
    std::uint32_t ports_;
    std::uint32_t payload_max_;
    std::uint32_t largest_sent_;
    std::jthread control_;  // ends before all that it looks after
};

class FabricPort::Inbox {
  public:
    [[gnu::always_inline]] Inbox(FabricPort& port, Received& /*none*/) : port_(port) {}

    // What there is only each() knows.
    [[gnu::always_inline]] bool receive(std::uint16_t most) {
        most_ = most;
        count_ = 0;
        return true;
    }
    [[nodiscard]] std::uint16_t count() const { return count_; }

    // arrived() and visit(frame) for each message. A visit that returns false leaves its message
    // for later.
    template <class Arrived, class Visit>
    [[gnu::always_inline]] void each(Arrived&& arrived, Visit&& visit) {
        std::uint64_t bytes = 0;
        std::uint16_t counted = 0;
        std::uint16_t count = 0;
        const auto count_up = [&] {
            add(port_.rx_.messages, count - counted);
            add(port_.rx_.bytes, bytes);
            counted = count;
            bytes = 0;
        };
        const auto show = [&](const std::byte* payload, std::uint32_t length, std::uint32_t flags)
            __attribute__((always_inline)) {
            if (flags != 0 || length < min_frame) [[unlikely]] {
                // As the driver counts what is no frame.
                add(port_.rx_.too_long, 1);
                return true;
            }
            // It may be a control message, behind which all is reported.
            if (length == control_frame) [[unlikely]]
                count_up();
            arrived();
            const auto* data = reinterpret_cast<const std::uint8_t*>(payload);
            if (!visit(FabricFrame{data, length})) return false;
            ++count;
            bytes += length;
            return true;
        };
        port_.endpoint_.receiver().poll(most_, show);
        count_ = count;
        if (count != 0) count_up();
    }
    static void free() {}
    static void free(const FabricFrame& /*frame*/) {}

  private:
    FabricPort& port_;
    std::uint16_t most_ = 0;
    std::uint16_t count_ = 0;
};

// Copies from lane to lane.
class FabricPort::Answers {
  public:
    [[gnu::always_inline]] Answers(FabricPort& port, Inbox& /*inbox*/) : port_(port) {
        port_.sender().housekeep();
    }

    // False: this one cannot be answered now, it is to be shown again later.
    template <class Turner>
    [[gnu::always_inline]] bool add(const FabricFrame& frame, const Turner& turner) {
        const std::uint32_t to = port_.id_at(frame.data + source_offset);
        if (!burst_ || to != to_) [[unlikely]] {
            pause();
            // An answer to ourselves would be answered again, and so on.
            if (to == port_.id()) return give_up(0);
            if (to == 0 || !port_.ready(to)) return give_up(to);
            to_ = to;
        }
        if (!burst_) burst_.emplace(port_.sender().to(to));
        std::byte* const answer = burst_->append(frame.size);
        if (answer == nullptr) [[unlikely]] {
            pause();
            port_.found_full(to);
            return give_up(to);
        }
        std::memcpy(answer, frame.data, frame.size);
        turner.turn(reinterpret_cast<std::uint8_t*>(answer));
        ++pending_;
        bytes_ += frame.size;
        ++count_;
        return true;
    }
    [[nodiscard]] std::uint32_t count() const { return count_; }
    // Lets go of the lane, so that something else can be sent.
    [[gnu::always_inline]] void pause() {
        if (!burst_) return;
        port_.finish(*burst_, to_, pending_, bytes_);
        burst_.reset();
        pending_ = 0;
        bytes_ = 0;
    }

    [[gnu::always_inline]] bool send() {
        pause();
        return true;
    }
    static std::uint32_t drop() { return 0; }
    // Whom nobody waits for any more.
    [[nodiscard]] std::uint32_t dropped() const { return dropped_; }

  private:
    // True if there is nobody to answer to: the message is done with.
    [[gnu::noinline]] bool give_up(std::uint32_t to) {
        if (to != 0 && !port_.gone(to)) return false;
        ++dropped_;
        return true;
    }

    FabricPort& port_;
    std::optional<Burst> burst_;
    std::uint32_t to_ = 0;
    std::uint32_t pending_ = 0;  // in the burst
    std::uint64_t bytes_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t dropped_ = 0;
};

}  // namespace famez::pingpong
