// SPDX-License-Identifier: BSD-3-Clause
// --help of the programs on EAL: a usage line of their own, for EAL's options stand before ours,
// long texts wrapped, and plain names.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace famez {

class EalHelpFormatter : public CLI::Formatter {
  public:
    explicit EalHelpFormatter(std::string usage);

    std::string make_usage(const CLI::App* app, std::string name) const override;
    std::string make_option_name(const CLI::Option* option, bool positional) const override;
    std::string make_option_desc(const CLI::Option* option) const override;

  private:
    std::string usage_;
};

}  // namespace famez
