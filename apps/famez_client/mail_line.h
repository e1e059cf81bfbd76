// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "session.h"

namespace famez::client {

// A message for people, or as a JSON object. What its sender wrote cannot drive the terminal.
std::string mail_line(Session& session, const Mail& mail, bool json);

// Its text, line by line, likewise.
std::string printable(std::string_view text);

}  // namespace famez::client
