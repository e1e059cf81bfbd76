// SPDX-License-Identifier: BSD-3-Clause
#include "stop.h"

namespace famez::fwd {

std::atomic<bool> stop_flag{false};

}  // namespace famez::fwd
