// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "fabric_report.h"

namespace famez {

// For Prometheus, in its text format.
std::string metrics_text(const FabricReport& report);

}  // namespace famez
