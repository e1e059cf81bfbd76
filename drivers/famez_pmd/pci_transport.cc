// SPDX-License-Identifier: BSD-3-Clause
#include "pci_transport.h"

#include <cstdint>
#include <utility>

#include <famez/error.h>

namespace famez::pmd {
namespace {

std::uint16_t read_id(const PciDevice& device) {
    const std::uint32_t position = device.registers().position;
    if (position > UINT16_MAX) {
        throw FabricError(
            "the device has no id: it is not an ivshmem-doorbell device with a server behind it, "
            "or "
            "its memory is not enabled");
    }
    return static_cast<std::uint16_t>(position);
}

}  // namespace

PciTransport::PciTransport(std::unique_ptr<PciDevice> device, const Bar2Wish& wish)
    : device_(std::move(device)), bar2_(device_->bar2(), wish), id_(read_id(*device_)) {}

bool PciTransport::ring(std::uint16_t peer, std::uint16_t vector) {
    device_->registers().doorbell = std::uint32_t{peer} << 16 | vector;
    return true;
}

}  // namespace famez::pmd
