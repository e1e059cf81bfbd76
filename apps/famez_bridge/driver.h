// SPDX-License-Identifier: BSD-3-Clause
// The driver's own functions, as the bridge uses them.
#pragma once

#include <rte_pmd_famez.h>

namespace famez::bridge {

struct Driver {
    decltype(&rte_pmd_famez_id) id;
    decltype(&rte_pmd_famez_mail_send) send;
    decltype(&rte_pmd_famez_mail_send_ready) send_ready;
    decltype(&rte_pmd_famez_mail_receive) receive;
    decltype(&rte_pmd_famez_mail_fd) fd;
    decltype(&rte_pmd_famez_mail_server) server;
    decltype(&rte_pmd_famez_mail_peer) peer;
};

// Behind rte_eal_init(). Throws std::runtime_error.
Driver find_driver();

}  // namespace famez::bridge
