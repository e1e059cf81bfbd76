// SPDX-License-Identifier: BSD-3-Clause
// One ethdev port with one queue each way, whatever its driver.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "options.h"
#include "wire.h"

namespace famez::pingpong {

// what() is one line for the user.
class PortError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Port {
  public:
    // Configures and starts it.
    explicit Port(const Options& options);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] std::uint16_t id() const { return id_; }
    [[nodiscard]] rte_mempool* pool() const { return pool_; }
    [[nodiscard]] const MacAddress& mac() const { return mac_; }
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] std::uint32_t segment_size() const { return segment_size_; }
    [[nodiscard]] std::uint32_t largest_frame() const { return largest_frame_; }

    std::uint16_t receive(rte_mbuf** packets, std::uint16_t count) const {
        return rte_eth_rx_burst(id_, 0, packets, count);
    }
    std::uint16_t send(rte_mbuf** packets, std::uint16_t count) const {
        return rte_eth_tx_burst(id_, 0, packets, count);
    }

    // The machine has asked for the device back (which also stopped the run): it waits until the
    // port is closed.
    [[nodiscard]] bool removed() const { return removed_; }

    // Takes back what the driver holds though it is sent: for when the pool is empty.
    void reclaim() const;

  private:
    void choose(const Options& options);
    void configure(const Options& options, const rte_eth_dev_info& info);
    void make_pool(const Options& options);
    void set_up_queues(const rte_eth_dev_info& info);
    void start(const rte_eth_dev_info& info);
    std::uint32_t choose_mtu(const Options& options, const rte_eth_dev_info& info) const;
    static int on_removal(std::uint16_t id, rte_eth_event_type type, void* self, void* unused);
    void check(int result, const char* what, const char* cure) const;

    std::uint16_t id_ = 0;
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

}  // namespace famez::pingpong
