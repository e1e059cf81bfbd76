// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <famez/unique_fd.h>

#include "rest_address.h"

namespace famez {

// A listening TCP socket that does not block, and where it is: the port is the one chosen.
struct HttpListener {
    UniqueFd socket;
    RestAddress address;
    bool v6 = false;

    // Throws FabricError.
    static HttpListener open(const RestAddress& address);
};

}  // namespace famez
