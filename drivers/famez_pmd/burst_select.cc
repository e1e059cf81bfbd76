// SPDX-License-Identifier: BSD-3-Clause
#include "burst.h"

namespace famez::pmd {

const BurstFunctions& select_burst_functions() {
#ifdef FAMEZ_ISA_LEVELS
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (v4) return isa_v4::functions;
    if (v3) return isa_v3::functions;
#endif
    return isa_baseline::functions;
}

}  // namespace famez::pmd
