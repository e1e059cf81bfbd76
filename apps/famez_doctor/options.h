// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "environment.h"

namespace famez::doctor {

struct Options {
    Environment environment;
    std::optional<Place> place;  // nullopt: find out
    bool json = false;
    bool quiet = false;
};

// Help, version or a mistake: print `text` and end.
struct ParseEnd {
    int exit_code;
    std::string text;
};

// `environment` is what the options change parts of.
std::variant<Options, ParseEnd> parse_options(const std::vector<std::string>& arguments,
                                              const Environment& environment);

}  // namespace famez::doctor
