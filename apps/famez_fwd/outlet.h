// SPDX-License-Identifier: BSD-3-Clause
// A worker's way out by one port. Frames that the port does not take at once wait here, at most
// twice what comes at once; `Load` tells the worker which outlets have such frames, and which have
// no room for another burst.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "config.h"
#include "counters.h"
#include "impairer.h"

namespace famez::fwd {

// A bit an outlet.
struct Load {
    std::uint32_t waiting = 0;  // has frames that want attention
    std::uint32_t blocked = 0;  // has no room for a burst
};
static_assert(max_ports <= 32);

struct OutletConfig {
    std::uint16_t port;    // ethdev's number
    std::uint16_t queue;   // of transmission
    rte_spinlock_t* lock;  // of that queue, where several workers share it; or null
    std::uint32_t index;   // its bit
    std::uint32_t burst;
    std::uint32_t longest_frame;  // that the port takes
    WhenFull when_full;
    std::uint64_t drain_ticks;
    std::uint64_t stall_ticks;  // 0: frames wait for ever
    std::uint64_t ticks_per_second;
    Impairment impairment;
    std::uint64_t seed;
    rte_mempool* pool;
};

class Outlet {
  public:
    Outlet(const OutletConfig& config, Counters& counters, Load& load);
    ~Outlet();
    Outlet(const Outlet&) = delete;
    Outlet& operator=(const Outlet&) = delete;

    // All of these; the array is free for other use afterwards. Only while can_take_all().
    [[gnu::always_inline]] void pass(rte_mbuf** packets, std::uint16_t count) {
        if (busy_) [[unlikely]] {
            pass_slowly(packets, count);
            return;
        }
        const std::uint16_t sent = transmit(packets, count);
        add(counters_.sent, sent);
        if (sent != count) [[unlikely]]
            keep(packets + sent, count - sent);
    }

    // One of several that are gathered: flush() or the drain time sends them.
    void gather(rte_mbuf* packet);

    // Offers all that waits. What is left waits on, or is dropped: by choice, or because the port
    // has taken nothing for too long.
    void push();
    // The same, unless there is a drain time to wait for.
    void flush() {
        if (sends_at_once()) push();
    }
    [[nodiscard]] bool sends_at_once() const { return drain_ticks_ == 0; }

    // All that may come at once.
    [[nodiscard]] bool can_take_all() const { return !busy_ || count_ + burst_ <= capacity_; }
    // Copies are given up otherwise: they never block anybody.
    [[nodiscard]] bool can_take_copy() const { return count_ < burst_; }
    [[nodiscard]] bool can_take_one() const { return count_ < capacity_; }
    [[nodiscard]] std::uint32_t room() const { return capacity_ - count_; }
    [[nodiscard]] std::uint32_t bit() const { return bit_; }

    // Tries again, and looks what is due. To be called while its bit stands in Load::waiting.
    void work(std::uint64_t now);
    // When work() has something to do at the latest; UINT64_MAX if nothing waits.
    [[nodiscard]] std::uint64_t next_due(std::uint64_t now) const;

    // Gives up what is left.
    void end();

    void drop(rte_mbuf** packets, std::uint32_t count, Drop reason);

  private:
    [[gnu::always_inline]] std::uint16_t transmit(rte_mbuf** packets, std::uint16_t count) const {
        if (lock_ == nullptr) [[likely]] {
            return rte_eth_tx_burst(port_, queue_, packets, count);
        }
        rte_spinlock_lock(lock_);
        const std::uint16_t sent = rte_eth_tx_burst(port_, queue_, packets, count);
        rte_spinlock_unlock(lock_);
        return sent;
    }

    void pass_slowly(rte_mbuf** packets, std::uint32_t count);
    void keep(rte_mbuf** packets, std::uint32_t count);
    void append(rte_mbuf* packet);
    void drop_too_long();
    void stall(std::uint64_t now);
    void impair(rte_mbuf* packet, std::uint64_t now);
    void hold(rte_mbuf* packet, std::uint64_t now);
    void note_load();

    const std::uint16_t port_;
    const std::uint16_t queue_;
    rte_spinlock_t* const lock_;
    bool busy_ = false;  // frames wait, or all go by the impairer, or it was stuck lately
    const std::uint32_t bit_;
    const std::uint32_t burst_;
    const std::uint32_t capacity_;
    const std::uint32_t longest_frame_;
    const WhenFull when_full_;
    Counters& counters_;
    Load& load_;
    std::uint32_t count_ = 0;
    std::vector<rte_mbuf*> waiting_;
    const std::uint64_t drain_ticks_;
    const std::uint64_t stall_ticks_;
    const std::uint64_t retry_ticks_;  // how long a worker that sleeps leaves a stuck port alone
    std::uint64_t gathered_at_ = 0;    // the first of those that wait
    std::uint64_t stuck_since_ = 0;    // 0: it takes what it is given
    rte_mempool* const pool_;
    std::unique_ptr<Impairer> impairer_;
};

}  // namespace famez::fwd
