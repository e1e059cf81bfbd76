// SPDX-License-Identifier: BSD-3-Clause
//
// What a port has for packets that are not copied (doc/zero-copy.md): headers for those that stay
// in others' arenas, and the pool in its own. Nothing here is on the data path.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <rte_mempool.h>

#include <famez/geometry.h>
#include <famez/loans.h>

#include "devargs.h"
#include "fabric.h"
#include "reference_pool.h"

namespace famez::pmd {

// As rte_pktmbuf_pool_create() takes it.
struct PoolWish {
    const char* name;
    std::uint32_t count;
    std::uint32_t cache;
    std::uint16_t private_bytes;
    std::uint16_t data_room;
    int socket;
};

class ZeroCopy {
  public:
    ZeroCopy(std::string name, const Trust& trust, MemoryType memory);
    ZeroCopy(const ZeroCopy&) = delete;
    ZeroCopy& operator=(const ZeroCopy&) = delete;
    ~ZeroCopy();

    // ---- receive ----

    // Some port of this process leaves packets where they are: what it receives is of several
    // pools, one of which the application does not know.
    [[nodiscard]] static bool in_use();

    // This port does.
    [[nodiscard]] bool keeps() const { return keeps_; }
    // Whose: by id. For as long as this object lives.
    [[nodiscard]] const bool* trusted() const { return trusted_.get(); }
    // The headers of an RX queue, made when first asked for. nullptr if all is copied. Throws
    // FabricError.
    ReferencePool* references(std::uint16_t queue, int socket);
    // Packets with the application, whose bytes lie in others' arenas. While the port is paused and
    // nobody frees packets.
    [[nodiscard]] std::uint32_t held();
    // Before a start with so many RX queues: with another number than before lanes go to other
    // threads, which is not possible while packets are held, whose credits two would write.
    [[nodiscard]] bool may_have(std::uint16_t queues);
    // The time in which the queues are polled, which is when they take in what is freed; else
    // tick() does, from the control thread.
    void resume();
    void pause();
    void tick();

    // ---- transmit ----

    // A pool in the arena of the port. Once for a port, before it is started. Throws FabricError.
    rte_mempool* make_pool(Fabric& fabric, const PoolWish& wish);
    [[nodiscard]] rte_mempool* pool() const { return pool_; }
    // Likewise, but for the driver: frames that come from elsewhere are copied into its buffers.
    // Nothing if the port has a pool already.
    void make_copies(Fabric& fabric, std::uint32_t count, std::uint32_t frame_max, int socket);
    // Frames up to so long; 0: none.
    [[nodiscard]] std::uint32_t copied_max() const { return copied_max_; }
    [[nodiscard]] LoanTable* loans() const { return loans_.get(); }

  private:
    std::string name_;
    MemoryType memory_;
    bool keeps_;
    std::unique_ptr<bool[]> trusted_;
    std::uint32_t settle();

    std::mutex mutex_;  // of what follows: the control thread ticks while others start and stop
    std::vector<std::unique_ptr<ReferencePool>> references_;  // by RX queue
    std::uint16_t queues_ = 0;
    bool paused_ = true;
    std::uint32_t ticks_paused_ = 0;
    std::unique_ptr<LoanTable> loans_;
    rte_mempool* pool_ = nullptr;
    std::uint32_t copied_max_ = 0;  // or the pool is the application's
};

}  // namespace famez::pmd
