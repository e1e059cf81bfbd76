// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace famez::pmd {

// One line each, through rte_log, under the type pmd.net.famez.
void log_error(const std::string& line);
void log_warning(const std::string& line);
void log_notice(const std::string& line);
void log_info(const std::string& line);

}  // namespace famez::pmd
