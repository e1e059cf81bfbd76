// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_device.h"

#include <fmt/format.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <rte_interrupts.h>
#include <rte_vfio.h>

#include <famez/error.h>

#include "log.h"

namespace famez::pmd {
namespace {

vfio_region_info region_info(int fd, std::uint32_t index) {
    vfio_region_info info{};
    info.argsz = sizeof info;
    info.index = index;
    if (::ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info) != 0) {
        throw FabricError(
            fmt::format("VFIO says nothing of region {}: {}", index, std::strerror(errno)));
    }
    return info;
}

// Descriptors for the first `fds.size()` MSI-X vectors; none disables all.
int set_vectors(int vfio_fd, std::span<const int> fds) {
    std::vector<std::byte> request(sizeof(vfio_irq_set) + fds.size_bytes());
    auto* set = reinterpret_cast<vfio_irq_set*>(request.data());
    set->argsz = static_cast<std::uint32_t>(request.size());
    set->flags = VFIO_IRQ_SET_ACTION_TRIGGER |
                 (fds.empty() ? VFIO_IRQ_SET_DATA_NONE : VFIO_IRQ_SET_DATA_EVENTFD);
    set->index = VFIO_PCI_MSIX_IRQ_INDEX;
    set->count = static_cast<std::uint32_t>(fds.size());
    if (!fds.empty()) std::memcpy(set->data, fds.data(), fds.size_bytes());
    return ::ioctl(vfio_fd, VFIO_DEVICE_SET_IRQS, set);
}

UniqueFd new_eventfd() {
    UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd) throw FabricError(fmt::format("no eventfd: {}", std::strerror(errno)));
    return fd;
}

}  // namespace

VfioFd::VfioFd(const rte_pci_device& device) : device_(device) {
    vfio_device_info info{};
    info.argsz = sizeof info;
    if (rte_vfio_setup_device(rte_pci_get_sysfs_path(), device.name, &fd_, &info) != 0) {
        throw FabricError(
            "VFIO does not give the device: another program may be using it, or this one may not "
            "open /dev/vfio (EAL's messages say more)");
    }
}

VfioFd::~VfioFd() {
    rte_vfio_release_device(rte_pci_get_sysfs_path(), device_.name, fd_);
}

RemovalRequest::RemovalRequest(rte_pci_device& device, int vfio_fd,
                               std::function<void()> on_removal)
    : handle_(device.vfio_req_intr_handle),
      on_removal_(std::move(on_removal)),
      eventfd_(new_eventfd()) {
    const bool armed = rte_intr_fd_set(handle_, eventfd_.get()) == 0 &&
                       rte_intr_type_set(handle_, RTE_INTR_HANDLE_VFIO_REQ) == 0 &&
                       rte_intr_dev_fd_set(handle_, vfio_fd) == 0 &&
                       rte_intr_callback_register(handle_, on_request, this) == 0;
    if (armed && rte_intr_enable(handle_) == 0) return;
    if (armed) rte_intr_callback_unregister_sync(handle_, on_request, this);
    forget();
    throw FabricError("VFIO's removal request cannot be armed (EAL's messages say more)");
}

RemovalRequest::~RemovalRequest() {
    rte_intr_disable(handle_);
    rte_intr_callback_unregister_sync(handle_, on_request, this);
    forget();
}

void RemovalRequest::forget() {
    rte_intr_fd_set(handle_, -1);
    rte_intr_dev_fd_set(handle_, -1);
    rte_intr_type_set(handle_, RTE_INTR_HANDLE_UNKNOWN);
}

void RemovalRequest::on_request(void* self) {
    static_cast<RemovalRequest*>(self)->on_removal_();
}

VfioDevice::VfioDevice(rte_pci_device& device, std::function<void()> on_removal)
    : device_(device),
      fd_(device),
      registers_(fd_.get(), region_info(fd_.get(), VFIO_PCI_BAR0_REGION_INDEX).offset),
      removal_(device, fd_.get(), std::move(on_removal)) {
    enable_bus_master();
    arm_vectors();
}

VfioDevice::~VfioDevice() {
    set_vectors(fd_.get(), {});
}

Bar2Place VfioDevice::bar2() const {
    Bar2Place place = place_of(device_);
    place.own_fd = fd_.get();
    place.own_offset = region_info(fd_.get(), VFIO_PCI_BAR2_REGION_INDEX).offset;
    return place;
}

// Without it no MSI-X message leaves the device.
void VfioDevice::enable_bus_master() const {
    const auto at = static_cast<off_t>(region_info(fd_.get(), VFIO_PCI_CONFIG_REGION_INDEX).offset +
                                       PCI_COMMAND);
    std::uint16_t command = 0;
    if (::pread(fd_.get(), &command, sizeof command, at) != sizeof command) {
        throw FabricError("the device's configuration space cannot be read");
    }
    command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    if (::pwrite(fd_.get(), &command, sizeof command, at) != sizeof command) {
        throw FabricError("the device cannot be made a bus master");
    }
}

void VfioDevice::arm_vectors() {
    vfio_irq_info info{};
    info.argsz = sizeof info;
    info.index = VFIO_PCI_MSIX_IRQ_INDEX;
    if (::ioctl(fd_.get(), VFIO_DEVICE_GET_IRQ_INFO, &info) != 0 || info.count == 0) {
        log_notice(fmt::format("{}: no MSI-X vectors: polling only", device_.name));
        return;
    }
    for (std::uint32_t vector = 0; vector < info.count; ++vector) {
        owned_eventfds_.push_back(new_eventfd());
        eventfds_.push_back(owned_eventfds_.back().get());
    }
    if (set_vectors(fd_.get(), eventfds_) != 0) {
        throw FabricError(
            fmt::format("{} MSI-X vectors cannot be armed: {}", info.count, std::strerror(errno)));
    }
}

}  // namespace famez::pmd
