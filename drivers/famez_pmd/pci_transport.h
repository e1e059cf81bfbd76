// SPDX-License-Identifier: BSD-3-Clause
//
// A guest's way into a fabric: the ivshmem PCI device. What the server told QEMU, the device tells
// us: the region is BAR2, our id and the doorbell are registers, the vectors are MSI-X.
#pragma once

#include <memory>

#include <famez/transport.h>

#include "bar2.h"
#include "pci_device.h"

namespace famez::pmd {

class PciTransport final : public Transport {
  public:
    // Throws FabricError.
    PciTransport(std::unique_ptr<PciDevice> device, const Bar2Wish& wish);

    [[nodiscard]] const Bar2& bar2() const { return bar2_; }
    [[nodiscard]] std::span<std::byte> region() const override { return bar2_.bytes(); }
    [[nodiscard]] MemoryType memory_type() const override { return bar2_.memory_type(); }
    [[nodiscard]] std::uint16_t id() const override { return id_; }
    [[nodiscard]] std::span<const int> eventfds() const override { return device_->eventfds(); }
    // The device swallows what is for nobody: true says only that it was told.
    bool ring(std::uint16_t peer, std::uint16_t vector) override;
    // News of peers ends in QEMU: there is nothing to take in.
    bool service() override { return true; }

  private:
    std::unique_ptr<PciDevice> device_;  // first: BAR2 is unmapped before the device is let go of
    Bar2 bar2_;
    std::uint16_t id_;
};

}  // namespace famez::pmd
