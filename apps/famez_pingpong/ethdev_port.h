// SPDX-License-Identifier: BSD-3-Clause
// One ethdev port with one queue each way (or --queues), whatever its driver. port.h says what the
// nested classes are for.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "options.h"
#include "port.h"
#include "wire.h"

namespace famez::pingpong {

class EthdevPort final : public Port {
  public:
    using Packet = rte_mbuf*;
    using Received = std::array<rte_mbuf*, max_burst>;
    class Builder;
    class Inbox;
    class Answers;

    // Configures and starts it.
    explicit EthdevPort(const Options& options);
    ~EthdevPort() override;

    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] rte_mempool* pool() const { return pool_; }
    [[nodiscard]] const MacAddress& mac() const override { return mac_; }
    [[nodiscard]] const std::string& driver() const override { return driver_; }
    // The largest message that is one buffer.
    [[nodiscard]] std::uint32_t segment_size() const { return segment_size_; }
    [[nodiscard]] std::uint32_t largest_frame() const override { return largest_frame_; }
    [[nodiscard]] bool link_up() override;
    [[nodiscard]] bool removed() const override { return removed_; }
    bool send_frame(std::span<const std::uint8_t> frame) override;
    void receive_control(const std::function<void(const ReceivedControl&)>& visit) override;
    [[nodiscard]] std::unique_ptr<Interrupt> make_interrupt() override;
    void add_statistics(nlohmann::ordered_json& json) const override;
    [[nodiscard]] std::string statistics_line() const override;

    std::uint16_t receive(rte_mbuf** packets, std::uint16_t count) const {
        if (rx_queues_ == 1) [[likely]]
            return rte_eth_rx_burst(id_, 0, packets, count);
        return receive_of_many(packets, count);
    }
    std::uint16_t send(rte_mbuf** packets, std::uint16_t count) const {
        return rte_eth_tx_burst(id_, tx_queue_, packets, count);
    }
    // Which TX queue send() uses, of Options::queues.
    void use_queue(std::uint16_t queue) { tx_queue_ = queue; }

    static void free(rte_mbuf** packets, std::uint32_t count) {
        rte_pktmbuf_free_bulk(packets, count);
    }

    // Takes back what the driver holds though it is sent: for when the pool is empty.
    void reclaim() const;

  private:
    // One burst, of the next RX queue that has something.
    std::uint16_t receive_of_many(rte_mbuf** packets, std::uint16_t count) const;
    void choose(const Options& options);
    void choose_queues(const Options& options, const rte_eth_dev_info& info);
    void configure(const Options& options, const rte_eth_dev_info& info);
    void make_pool(const Options& options);
    void set_up_queues(const rte_eth_dev_info& info);
    void start(const rte_eth_dev_info& info);
    std::uint32_t choose_mtu(const Options& options, const rte_eth_dev_info& info) const;
    static int on_removal(std::uint16_t id, rte_eth_event_type type, void* self, void* unused);
    void check(int result, const char* what, const char* cure) const;

    std::uint16_t id_ = 0;
    std::uint16_t rx_queues_ = 1;
    std::uint16_t tx_queues_ = 1;
    std::uint16_t tx_queue_ = 0;
    mutable std::uint16_t rx_turn_ = 0;
    rte_mempool* pool_ = nullptr;
    MacAddress mac_{};
    std::string name_;
    std::string driver_;
    std::uint32_t segment_size_ = 0;
    std::uint32_t largest_frame_ = 0;
    std::uint16_t rx_descriptors_ = 1024;
    std::uint16_t tx_descriptors_ = 1024;
    rte_eth_conf conf_{};
    std::atomic<bool> removed_{false};
};

// Frees a burst. A pool's own plain buffers (one segment, one reference) go back in one piece,
// having been read in their first cache line only; all others the long way.
inline void free_burst(rte_mempool* pool, rte_mbuf** packets, std::uint16_t count) {
    constexpr std::uint64_t not_plain = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;
    bool plain = true;
    for (std::uint16_t i = 0; i < count; ++i) {
        const rte_mbuf& m = *packets[i];
        plain &= m.refcnt == 1 && m.nb_segs == 1 && (m.ol_flags & not_plain) == 0 && m.pool == pool;
    }
    if (plain) [[likely]] {
        rte_mempool_put_bulk(pool, reinterpret_cast<void**>(packets), count);
    } else {
        rte_pktmbuf_free_bulk(packets, count);
    }
}

class EthdevPort::Inbox {
  public:
    [[gnu::always_inline]] Inbox(const EthdevPort& port, Received& packets)
        : port_(port), pool_(port.pool()), packets_(packets.data()) {}

    [[gnu::always_inline]] bool receive(std::uint16_t most) {
        count_ = port_.receive(packets_, most);
        return count_ != 0;
    }
    [[nodiscard]] std::uint16_t count() const { return count_; }

    // arrived() once, for all of them came at once; then visit(frame) for each.
    template <class Arrived, class Visit>
    [[gnu::always_inline]] void each(Arrived&& arrived, Visit&& visit) {
        arrived();
        for (std::uint16_t i = 0; i < count_; ++i) {
            rte_mbuf* const packet = packets_[i];  // a visit may store to packets_
            visit(packet);
        }
    }
    // All of them, or one: done with.
    [[gnu::always_inline]] void free() { free_burst(pool_, packets_, count_); }
    static void free(rte_mbuf* packet) { rte_pktmbuf_free(packet); }

  private:
    friend class Answers;

    const EthdevPort& port_;
    rte_mempool* const pool_;
    // Apart from the rest, which the compiler can so keep in registers.
    rte_mbuf** const packets_;
    std::uint16_t count_ = 0;
};

// The packets of an inbox, in place.
class EthdevPort::Answers {
  public:
    [[gnu::always_inline]] Answers(const EthdevPort& port, Inbox& inbox)
        : port_(port), packets_(inbox.packets_) {}

    // False: this one cannot be answered now, it is to be shown again later.
    template <class Turner>
    [[gnu::always_inline]] bool add(rte_mbuf* packet, const Turner& turner) {
        turner.turn(rte_pktmbuf_mtod(packet, std::uint8_t*));
        packets_[count_++] = packet;
        return true;
    }
    [[nodiscard]] std::uint16_t count() const { return count_; }
    // Lets go of the port, so that something else can be sent.
    static void pause() {}

    // Offers what is left; true when nothing is.
    [[gnu::always_inline]] bool send() {
        sent_ = static_cast<std::uint16_t>(
            sent_ + port_.send(packets_ + sent_, static_cast<std::uint16_t>(count_ - sent_)));
        return sent_ == count_;
    }
    // Gives up what is left; says how many were given up in all.
    [[gnu::always_inline]] std::uint32_t drop() {
        const std::uint32_t left = count_ - sent_;
        EthdevPort::free(packets_ + sent_, left);
        return left;
    }
    [[nodiscard]] static std::uint32_t dropped() { return 0; }

  private:
    const EthdevPort& port_;
    rte_mbuf** const packets_;
    std::uint16_t count_ = 0;
    std::uint16_t sent_ = 0;
};

}  // namespace famez::pingpong
