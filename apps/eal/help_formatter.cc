// SPDX-License-Identifier: BSD-3-Clause
#include "help_formatter.h"

#include <utility>

namespace famez {
namespace {

constexpr std::size_t text_column = 34;
constexpr std::size_t text_width = 64;

}  // namespace

EalHelpFormatter::EalHelpFormatter(std::string usage) : usage_(std::move(usage)) {
    column_width(text_column);
}

std::string EalHelpFormatter::make_usage(const CLI::App* /*app*/, std::string /*name*/) const {
    return usage_ + "\n\n";
}

std::string EalHelpFormatter::make_option_name(const CLI::Option* option, bool positional) const {
    // CLI11 marks a flag that says no.
    return CLI::detail::find_and_replace(CLI::Formatter::make_option_name(option, positional),
                                         "{false}", "");
}

std::string EalHelpFormatter::make_option_desc(const CLI::Option* option) const {
    std::string text = CLI::Formatter::make_option_desc(option);
    std::size_t start = 0;
    while (text.size() - start > text_width) {
        const std::size_t space = text.rfind(' ', start + text_width);
        if (space == std::string::npos || space <= start) break;
        text[space] = '\n';
        start = space + 1;
    }
    return text;
}

}  // namespace famez
