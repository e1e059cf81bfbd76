// SPDX-License-Identifier: BSD-3-Clause
#include "driver_symbol.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

namespace famez {

void* driver_symbol(const char* name) {
    constexpr const char* library = "librte_net_famez.so";
    // Loaded already or not at all; never closed, as EAL never does.
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    if (handle == nullptr) {
        throw std::runtime_error(fmt::format(
            "EAL has not loaded the driver: give it -d {}, before the \"--\"", library));
    }
    void* const symbol = ::dlsym(handle, name);
    if (symbol == nullptr) {
        throw std::runtime_error(fmt::format(
            "{} has no {}: it is of an older release than this program", library, name));
    }
    return symbol;
}

}  // namespace famez
