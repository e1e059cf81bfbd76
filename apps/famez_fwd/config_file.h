// SPDX-License-Identifier: BSD-3-Clause
// The TOML file of --config: keys are called as the options, and each [[port]] is a port.
#pragma once

#include <stdexcept>
#include <string>

#include "config.h"

namespace famez::fwd {

// what() has a line for each mistake: "PATH:LINE: message".
class ConfigError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Sets what the file says and leaves the rest; nothing is set if there is a mistake. Throws
// ConfigError.
void read_config_file(const std::string& path, Options& options);

}  // namespace famez::fwd
