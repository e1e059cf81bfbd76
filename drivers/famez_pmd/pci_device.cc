// SPDX-License-Identifier: BSD-3-Clause
#include "pci_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <famez/error.h>

#include "vfio_device.h"

namespace famez::pmd {
namespace {

constexpr std::size_t register_page = 4096;  // the least that can be mapped

std::string directory_of(const rte_pci_device& device) {
    return fmt::format("{}/{}", rte_pci_get_sysfs_path(), device.name);
}

// uio_pci_generic: the BARs through sysfs, no interrupts.
class UioDevice final : public PciDevice {
  public:
    explicit UioDevice(const rte_pci_device& device)
        : place_(place_of(device)),
          resource0_(open_alone(place_.directory)),
          registers_(resource0_.get(), 0) {}

    [[nodiscard]] volatile IvshmemRegisters& registers() const override { return *registers_; }
    [[nodiscard]] Bar2Place bar2() const override { return place_; }

  private:
    // Nothing but this lock keeps a second program from the same port.
    static UniqueFd open_alone(const std::string& directory) {
        const std::string path = directory + "/resource0";
        UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        if (!fd) throw FabricError(fmt::format("{}: {}; run as root", path, std::strerror(errno)));
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            throw FabricError("the device is in use by another program");
        }
        return fd;
    }

    Bar2Place place_;
    UniqueFd resource0_;
    RegisterMap registers_;
};

}  // namespace

Bar2Place place_of(const rte_pci_device& device) {
    Bar2Place place;
    place.directory = directory_of(device);
    place.address = device.mem_resource[2].phys_addr;
    place.bytes = device.mem_resource[2].len;
    return place;
}

RegisterMap::RegisterMap(int fd, std::uint64_t offset) {
    void* base = ::mmap(nullptr, register_page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        static_cast<off_t>(offset));
    if (base == MAP_FAILED) {
        throw FabricError(fmt::format("BAR0 cannot be mapped: {}", std::strerror(errno)));
    }
    registers_ = static_cast<volatile IvshmemRegisters*>(base);
}

RegisterMap::~RegisterMap() {
    ::munmap(const_cast<IvshmemRegisters*>(registers_), register_page);
}

std::unique_ptr<PciDevice> open_pci_device(rte_pci_device& device,
                                           std::function<void()> on_removal) {
    if (device.kdrv == RTE_PCI_KDRV_VFIO) {
        return std::make_unique<VfioDevice>(device, std::move(on_removal));
    }
    return std::make_unique<UioDevice>(device);
}

}  // namespace famez::pmd
