// SPDX-License-Identifier: BSD-3-Clause
//
// This process's (or this guest driver's) own port: its entry in the table, its epoch, its
// heartbeat, and which of the others live.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <famez/counters.h>
#include <famez/geometry.h>
#include <famez/port_table.h>
#include <famez/transport.h>

namespace famez {

struct PortOptions {
    std::string node_name;    // at most 31 bytes; empty: "z<id>", as the original's clients
    std::string node_class;   // at most 31 bytes
    std::uint32_t lanes = 1;  // that the port polls; more than the region's means all of them
    std::uint32_t capabilities = 0;  // layout::cap_*, for as long as the port lives
};

class Port {
  public:
    static constexpr std::uint32_t tick_ms = 50;          // how often tick() is to be called
    static constexpr std::uint32_t stale_ticks_max = 16;  // a heartbeat silent for longer is stale

    // Reads and checks the region. Nothing is written yet: the receivers first wipe the answers of
    // an earlier incarnation, then announce() makes the new epoch known. Throws FabricError.
    Port(Transport& transport, PortOptions options);
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] std::span<std::byte> region() const { return region_; }
    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] Epoch epoch() const { return epoch_; }
    // How many lanes from each other port this one polls.
    [[nodiscard]] std::uint32_t lanes() const { return options_.lanes; }
    [[nodiscard]] const std::string& node_name() const { return options_.node_name; }

    // Publishes epoch, name and state (stopped).
    void announce();
    void set_state(layout::PortState state);
    // layout::cap_*, besides those that it has always. Like set_state().
    void set_capabilities(std::uint32_t capabilities);
    // Have all senders that live seen the capabilities? They look once a tick of theirs. Any
    // thread.
    [[nodiscard]] bool capabilities_known() const { return now() - capable_since_ >= 2; }
    // The address and filter words, restored at each tick like everything else of ours. This, like
    // set_state(), is for one thread at a time; tick() may run beside it.
    void set_addresses(std::span<const std::uint64_t> addresses, std::uint32_t filter);
    // The last word: absent. The epoch ends with the process or the next announce().
    void withdraw();

    // S1 and S2 (doc/lane-lifecycle.md), the sender's side: rings lane `lane` of port `id` if it
    // sleeps. For behind the store that it is to see: data, a request, an answer, a close. Any
    // thread; a system call where it rings.
    void wake(std::uint32_t id, std::uint32_t lane);
    // The same, if the table says that this port may sleep at all.
    void wake_sleeper(std::uint32_t id, std::uint32_t lane);
    // A generation for a sleep: none is 0, and no two of a port are the same (S2). Any thread.
    [[nodiscard]] std::uint64_t new_sleep();
    // Where wake() counts the doorbells that it rings. Outlives the port.
    void count_doorbells(std::uint64_t& counter) { doorbells_ = &counter; }

    // Every tick_ms, from the control thread: heartbeat, own words restored (any port can scribble
    // over them), counters mirrored, the others' heartbeats watched.
    void tick(const TxCounters& tx, const RxCounters& rx);

    // Ticks so far: a clock for patience, readable from any thread.
    [[nodiscard]] std::uint32_t now() const { return ticks_.load(std::memory_order_relaxed); }
    // Up, and its heartbeat moved lately, as of the last tick. Any thread.
    [[nodiscard]] bool alive(std::uint32_t id) const {
        return alive_[id].load(std::memory_order_relaxed);
    }
    // Somebody is there, and its heartbeat has stood still for too long. Not the opposite of
    // alive(): a port that we have not yet had the time to watch is neither. Any thread.
    [[nodiscard]] bool stale(std::uint32_t id) const {
        return stale_[id].load(std::memory_order_relaxed);
    }

  private:
    struct Watch {
        std::uint64_t heartbeat = 0;
        Epoch epoch = 0;
        std::uint32_t moved_at = 0;
    };
    void write_status();
    void write_identity();
    void mirror(const TxCounters& tx, const RxCounters& rx);
    void watch_peers();
    // Something in our entry has changed: the table's generation moves, and sleepers look (S6).
    void ring_table();

    Transport& transport_;
    std::span<std::byte> region_;
    Geometry geometry_;
    std::uint32_t id_;
    PortOptions options_;
    TableBell bell_;
    layout::PortEntry* entry_ = nullptr;
    Epoch epoch_ = 0;
    std::atomic<std::uint32_t> state_{0};
    const std::uint32_t always_;  // those of its options; and every consumer takes references
    std::atomic<std::uint32_t> capabilities_{0};
    std::atomic<std::uint32_t> capable_since_{0};  // tick
    std::atomic<std::uint64_t> sleeps_{0};
    std::uint64_t doorbells_rung_ = 0;
    std::uint64_t* doorbells_ = &doorbells_rung_;
    std::mutex identity_mutex_;  // filter_ and addresses_
    std::uint32_t filter_ = 0;
    std::vector<std::uint64_t> addresses_;
    std::uint64_t heartbeat_ = 0;
    std::atomic<std::uint32_t> ticks_{0};
    std::vector<Watch> watches_;            // by id
    std::vector<std::atomic<bool>> stale_;  // by id
    std::vector<std::atomic<bool>> alive_;  // by id
};

}  // namespace famez
