// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>

namespace famez {

// Set-up failed. what() is one line for the user: what is wrong and, where there is one, the cure.
// Nothing on a data path throws.
class FabricError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace famez
