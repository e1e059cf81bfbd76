// SPDX-License-Identifier: BSD-3-Clause
// The ethdev ports that the switch serves, of whatever drivers, and the one pool that their packets
// come from.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "config.h"

namespace famez::fwd {

class PortError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Port {
  public:
    // Configures and starts it, with a transmit queue for each worker if it has so many.
    // `plain`: all frames are single buffers.
    Port(std::uint16_t id, const PortOptions& own, const Options& options, std::uint16_t workers,
         bool plain);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    // The second step: queues, and start.
    void start(rte_mempool* pool);

    [[nodiscard]] std::uint16_t id() const { return id_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] const Impairment& impairment() const { return impairment_; }
    [[nodiscard]] std::uint16_t rx_queues() const { return rx_queues_; }
    // Descriptors of all its queues: so many buffers it can hold.
    [[nodiscard]] std::uint32_t descriptors() const;

    [[nodiscard]] std::uint16_t tx_queue_of(std::uint16_t worker) const {
        return static_cast<std::uint16_t>(worker % tx_queues_);
    }
    // Null if no other worker uses that queue.
    [[nodiscard]] rte_spinlock_t* lock_of(std::uint16_t worker) const {
        return workers_ > tx_queues_ ? &locks_[tx_queue_of(worker)] : nullptr;
    }
    [[nodiscard]] bool link_up() const;

  private:
    void configure(bool interrupts);
    void set_up_queues(rte_mempool* pool);
    void check(int result, const char* what) const;
    static int on_removal(std::uint16_t id, rte_eth_event_type type, void* self, void* unused);

    std::uint16_t id_;
    std::string name_;
    std::string driver_;
    Impairment impairment_;
    bool promiscuous_;
    bool interrupts_;
    std::uint16_t workers_;
    std::uint16_t rx_queues_ = 1;
    std::uint16_t tx_queues_ = 1;
    std::uint16_t rx_descriptors_ = 1024;
    std::uint16_t tx_descriptors_ = 1024;
    rte_eth_dev_info info_{};
    rte_eth_conf conf_{};
    std::unique_ptr<rte_spinlock_t[]> locks_;
};

class Ports {
  public:
    // Beyond the MTU: a header, two VLAN tags and a checksum.
    static constexpr std::uint32_t frame_overhead = 26;

    // Those that were named, in that order, or all that EAL has. Throws PortError.
    Ports(const Options& options, std::uint16_t workers);
    ~Ports();
    Ports(const Ports&) = delete;
    Ports& operator=(const Ports&) = delete;

    [[nodiscard]] std::uint16_t count() const { return static_cast<std::uint16_t>(ports_.size()); }
    [[nodiscard]] const Port& operator[](std::size_t index) const { return *ports_[index]; }
    [[nodiscard]] rte_mempool* pool() const { return pool_; }
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    void make_pool(const Options& options, std::uint16_t workers);

    std::vector<std::unique_ptr<Port>> ports_;
    rte_mempool* pool_ = nullptr;
};

}  // namespace famez::fwd
