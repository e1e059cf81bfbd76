// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK 23.03 changed in telemetry: rte_tel_data_add_dict_u64 is now called
// rte_tel_data_add_dict_uint; the old name is deprecated in 24.11 and gone in 25.11.
#pragma once

#include <cstdint>

#include <rte_telemetry.h>

namespace famez::pmd {

// A template, so that only the name that this DPDK has is looked for.
template <typename Dict>
int add_number(Dict* dict, const char* name, std::uint64_t value) {
    if constexpr (requires { rte_tel_data_add_dict_uint(dict, name, value); }) {
        return rte_tel_data_add_dict_uint(dict, name, value);
    } else {
        return rte_tel_data_add_dict_u64(dict, name, value);
    }
}

}  // namespace famez::pmd
