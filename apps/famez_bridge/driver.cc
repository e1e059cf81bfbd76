// SPDX-License-Identifier: BSD-3-Clause
#include "driver.h"

#include "driver_symbol.h"

namespace famez::bridge {
namespace {

template <typename Function>
void find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(driver_symbol(name));
}

}  // namespace

Driver find_driver() {
    Driver driver{};
    find("rte_pmd_famez_id", driver.id);
    find("rte_pmd_famez_mail_send", driver.send);
    find("rte_pmd_famez_mail_send_ready", driver.send_ready);
    find("rte_pmd_famez_mail_receive", driver.receive);
    find("rte_pmd_famez_mail_fd", driver.fd);
    find("rte_pmd_famez_mail_server", driver.server);
    find("rte_pmd_famez_mail_peer", driver.peer);
    return driver;
}

}  // namespace famez::bridge
