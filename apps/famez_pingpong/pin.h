// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace famez::pingpong {

// Binds the calling thread to this CPU (--cpu). Throws PortError.
void pin_to(std::uint32_t cpu);

}  // namespace famez::pingpong
