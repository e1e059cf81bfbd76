// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "environment.h"
#include "finding.h"

namespace famez::doctor {

// For people: a line a check, and behind what is not well why, and what to do. `quiet` leaves out
// what is well or does not apply, and the summary too if nothing remains.
std::string to_text(Place place, const Findings& findings, bool quiet);

// For programs: {"place", "verdict", "checks": [{"name", "device", "verdict", "found", "wrong",
// "cure"}]}.
std::string to_json(Place place, const Findings& findings, bool quiet);

}  // namespace famez::doctor
