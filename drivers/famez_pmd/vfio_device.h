// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "pci_device.h"

namespace famez::pmd {

// What sysfs says of BAR2.
Bar2Place place_of(const rte_pci_device& device);

// The descriptor that EAL gets from VFIO (group, container and DMA set up); released on
// destruction.
class VfioFd {
  public:
    explicit VfioFd(const rte_pci_device& device);
    VfioFd(const VfioFd&) = delete;
    VfioFd& operator=(const VfioFd&) = delete;
    ~VfioFd();
    [[nodiscard]] int get() const { return fd_; }

  private:
    const rte_pci_device& device_;
    int fd_ = -1;
};

// VFIO's request to let go of the device, delivered by EAL's interrupt thread.
class RemovalRequest {
  public:
    RemovalRequest(rte_pci_device& device, int vfio_fd, std::function<void()> on_removal);
    RemovalRequest(const RemovalRequest&) = delete;
    RemovalRequest& operator=(const RemovalRequest&) = delete;
    ~RemovalRequest();

  private:
    static void on_request(void* self);
    void forget();

    rte_intr_handle* handle_;
    std::function<void()> on_removal_;
    UniqueFd eventfd_;
};

class VfioDevice final : public PciDevice {
  public:
    VfioDevice(rte_pci_device& device, std::function<void()> on_removal);
    ~VfioDevice() override;

    [[nodiscard]] volatile IvshmemRegisters& registers() const override { return *registers_; }
    [[nodiscard]] Bar2Place bar2() const override;
    [[nodiscard]] std::span<const int> eventfds() const override { return eventfds_; }

  private:
    void enable_bus_master() const;
    void arm_vectors();

    const rte_pci_device& device_;
    VfioFd fd_;
    RegisterMap registers_;
    std::vector<UniqueFd> owned_eventfds_;
    std::vector<int> eventfds_;
    RemovalRequest removal_;
};

}  // namespace famez::pmd
