// SPDX-License-Identifier: BSD-3-Clause
//
// The ivshmem device as the kernel driver that is bound to it lets us have it: vfio-pci, or
// uio_pci_generic for polling only. EAL maps nothing: the memory type of BAR2 is ours to choose,
// and once VFIO has mapped it no other mapping works (doc/vm.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <bus_pci_driver.h>

#include <famez/unique_fd.h>

#include "bar2.h"

namespace famez::pmd {

// The registers in BAR0: ivshmem device specification, "PCI BAR registers".
struct IvshmemRegisters {
    std::uint32_t interrupt_mask;
    std::uint32_t interrupt_status;
    std::uint32_t position;  // our id
    std::uint32_t doorbell;  // peer << 16 | vector
};
static_assert(sizeof(IvshmemRegisters) == 16);

// BAR0 mapped; unmapped on destruction.
class RegisterMap {
  public:
    // Throws FabricError.
    RegisterMap(int fd, std::uint64_t offset);
    RegisterMap(const RegisterMap&) = delete;
    RegisterMap& operator=(const RegisterMap&) = delete;
    ~RegisterMap();
    [[nodiscard]] volatile IvshmemRegisters& operator*() const { return *registers_; }

  private:
    volatile IvshmemRegisters* registers_;
};

class PciDevice {
  public:
    PciDevice() = default;
    PciDevice(const PciDevice&) = delete;
    PciDevice& operator=(const PciDevice&) = delete;
    virtual ~PciDevice() = default;

    [[nodiscard]] virtual volatile IvshmemRegisters& registers() const = 0;
    [[nodiscard]] virtual Bar2Place bar2() const = 0;
    // One a vector; none where interrupts cannot be had.
    [[nodiscard]] virtual std::span<const int> eventfds() const { return {}; }
};

// Takes the device, whichever kernel driver is bound. `on_removal` is called by EAL's interrupt
// thread when the machine wants the device back (VFIO only); until it is released, device_del
// waits. Throws FabricError.
std::unique_ptr<PciDevice> open_pci_device(rte_pci_device& device,
                                           std::function<void()> on_removal);

}  // namespace famez::pmd
