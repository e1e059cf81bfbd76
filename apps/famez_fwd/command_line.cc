// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "eal_words.h"

namespace famez::fwd {
namespace {

using Words = std::vector<std::string>;

bool has(const Words& words, const char* shorter, const char* longer) {
    return std::any_of(words.begin(), words.end(),
                       [=](const std::string& word) { return word == shorter || word == longer; });
}

ParseEnd usage(const std::string& what) {
    return {exit_usage, fmt::format("{}\nfamez_fwd --help tells all options", what)};
}

struct Split {
    Words eal;
    Words ours;
};

// Throws std::invalid_argument.
Split split(const Words& words) {
    const auto separator = std::find(words.begin(), words.end(), "--");
    Words before(words.begin(), separator);
    const Words behind(separator == words.end() ? separator : separator + 1, words.end());
    const auto ours = std::find_if(before.begin(), before.end(), is_option);
    if (ours == before.end()) return {before, behind};
    if (ours == before.begin()) {
        before.insert(before.end(), behind.begin(), behind.end());
        return {{}, before};
    }
    // EAL would say that it does not know it, and not why.
    throw std::invalid_argument(
        fmt::format("{} is not an option of EAL: EAL's come first, then \"--\", then ours",
                    ours->substr(0, ours->find('='))));
}

}  // namespace

std::variant<CommandLine, ParseEnd> parse_command_line(int argc, const char* const* argv) {
    const Words words(argv + 1, argv + argc);
    // Those need no EAL, wherever they stand.
    if (has(words, "-h", "--help")) return std::get<ParseEnd>(parse_options({"--help"}));
    if (has(words, "-V", "--version")) return std::get<ParseEnd>(parse_options({"--version"}));
    try {
        const auto [eal, ours] = split(words);
        const auto parsed = parse_options(ours);
        if (const auto* end = std::get_if<ParseEnd>(&parsed)) return *end;
        CommandLine line{{argv[0]}, std::get<Options>(parsed)};
        const Words all = eal_words(line.options, eal);
        line.eal.insert(line.eal.end(), all.begin(), all.end());
        return line;
    } catch (const std::invalid_argument& error) {
        return usage(error.what());
    }
}

}  // namespace famez::fwd
