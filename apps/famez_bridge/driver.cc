// SPDX-License-Identifier: BSD-3-Clause
#include "driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

namespace famez::bridge {
namespace {

constexpr const char* library = "librte_net_famez.so";

template <typename Function>
void find(void* from, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(from, name));
    if (function == nullptr) {
        throw std::runtime_error(fmt::format(
            "{} has no {}: it is of an older release than this program", library, name));
    }
}

}  // namespace

Driver find_driver() {
    // Loaded already or not at all; never closed, as EAL never does.
    void* handle = ::dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    if (handle == nullptr) {
        throw std::runtime_error(fmt::format(
            "EAL has not loaded the driver: give it -d {}, before the \"--\"", library));
    }
    Driver driver{};
    find(handle, "rte_pmd_famez_id", driver.id);
    find(handle, "rte_pmd_famez_mail_send", driver.send);
    find(handle, "rte_pmd_famez_mail_send_ready", driver.send_ready);
    find(handle, "rte_pmd_famez_mail_receive", driver.receive);
    find(handle, "rte_pmd_famez_mail_fd", driver.fd);
    find(handle, "rte_pmd_famez_mail_server", driver.server);
    find(handle, "rte_pmd_famez_mail_peer", driver.peer);
    return driver;
}

}  // namespace famez::bridge
