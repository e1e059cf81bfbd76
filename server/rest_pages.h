// SPDX-License-Identifier: BSD-3-Clause
//
// What REST serves, as text: no HTTP here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fabric_report.h"

namespace famez {

// What a request says behind the path; a value is none of ours unless it is here.
struct RestQuery {
    std::optional<std::string> port;
};

struct RestAnswer {
    unsigned status = 200;
    const char* content_type = "application/json";
    std::string body;
};

struct RestPage {
    const char* path;
    RestAnswer (*answer)(const FabricReport&, const RestQuery&);
};

std::span<const RestPage> rest_pages();
// An answer for every path there is not and every method there is not.
RestAnswer rest_error(unsigned status, std::string_view message);

}  // namespace famez
