// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <array>
#include <stdexcept>

#include <rte_ethdev.h>
#include <rte_pci.h>

#include <famez/eventfd.h>

namespace famez::bridge {
namespace {

std::uint16_t choose(const Driver& driver, std::optional<std::uint16_t> wanted) {
    std::optional<std::uint16_t> found;
    std::uint16_t port = 0;
    RTE_ETH_FOREACH_DEV(port) {
        if (driver.id(port) < 0 || (wanted && *wanted != port)) continue;
        if (found) {
            throw std::runtime_error("there are several net_famez ports: say which with --port");
        }
        found = port;
    }
    if (found) return *found;
    throw std::runtime_error(
        wanted ? fmt::format("port {} is no net_famez port", *wanted)
               : std::string("there is no net_famez port: on a host give EAL "
                             "--vdev=net_famez0,socket=PATH; in a guest bind the device to "
                             "vfio-pci (famez_doctor tells more)"));
}

int note_removal(std::uint16_t /*port*/, rte_eth_event_type /*event*/, void* fd, void* /*result*/) {
    ring_eventfd(*static_cast<int*>(fd));
    return 0;
}

}  // namespace

PortMail::PortMail(const Driver& driver, std::optional<std::uint16_t> wanted)
    : driver_(driver), port_(choose(driver, wanted)) {
    fd_ = driver_.fd(port_);
    if (fd_ < 0) {
        throw std::runtime_error("the port has no mail (devarg mail=0, or see the driver's lines)");
    }
    server_ = static_cast<std::uint32_t>(driver_.server(port_));
    std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
    rte_eth_dev_get_name_by_port(port_, name.data());
    device_ = name.data();
    removal_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    removal_fd_ = removal_.get();
    rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_INTR_RMV, note_removal, &removal_fd_);
}

PortMail::~PortMail() {
    rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_RMV, note_removal, &removal_fd_);
    rte_eth_dev_close(port_);
}

int PortMail::send(std::uint32_t to, std::string_view payload, std::chrono::microseconds wait) {
    return driver_.send(port_, static_cast<std::uint16_t>(to), payload.data(), payload.size(),
                        static_cast<std::uint32_t>(wait.count()));
}

bool PortMail::send_ready() {
    return driver_.send_ready(port_) == 1;
}

std::optional<Received> PortMail::receive() {
    std::array<char, RTE_PMD_FAMEZ_MAIL_MAX> text{};
    std::uint16_t from = 0;
    const int length = driver_.receive(port_, &from, text.data(), text.size());
    if (length < 0) return std::nullopt;
    // Whose ids are not known, or who has gone meanwhile, has 0,0.
    rte_pmd_famez_mail_party party{};
    driver_.peer(port_, from, &party);
    return Received{party.cid, party.sid, {text.data(), static_cast<std::size_t>(length)}};
}

std::string PortMail::slot() const {
    rte_pci_addr address{};
    if (rte_pci_addr_parse(device_.c_str(), &address) != 0) return device_;
    return fmt::format("{:02x}", address.devid);
}

}  // namespace famez::bridge
