// SPDX-License-Identifier: BSD-3-Clause
// EAL, started and ended the way all our programs do.
#pragma once

#include <string>
#include <vector>

namespace famez {

// `words` begin with the program's name; EAL may change their order. `megabytes` is for the advice
// to a machine without hugepages. An empty string if EAL runs, else what to tell the user.
std::string start_eal(std::vector<char*>& words, unsigned megabytes);

// The last that a program asks of DPDK: ports are closed before, and callbacks of EAL's interrupt
// thread (alarms are some) do not run any more. By the thread that started EAL, once.
void end_eal();

}  // namespace famez
