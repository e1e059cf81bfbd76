// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <algorithm>

namespace famez::pingpong {
namespace {

using Words = std::vector<std::string>;

bool has(const Words& words, const char* shorter, const char* longer) {
    return std::any_of(words.begin(), words.end(),
                       [=](const std::string& word) { return word == shorter || word == longer; });
}

bool has_api(const Words& words) {
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "--api" || word.starts_with("--api=");
    });
}

ParseEnd usage(const char* what) {
    return {exit_usage, std::string(what) + "\nfamez_pingpong --help tells all options"};
}

}  // namespace

std::variant<CommandLine, ParseEnd> parse_command_line(int argc, char** argv) {
    char** const end = argv + argc;
    char** const separator =
        std::find_if(argv + 1, end, [](const char* word) { return std::string(word) == "--"; });
    const bool separated = separator != end;
    const Words before(argv + 1, separator);
    const Words behind(separated ? separator + 1 : end, end);
    // Those need no EAL, wherever they stand.
    if (has(before, "-h", "--help") || has(behind, "-h", "--help")) {
        return std::get<ParseEnd>(parse_options({"--help"}));
    }
    if (has(before, "-V", "--version") || has(behind, "-V", "--version")) {
        return std::get<ParseEnd>(parse_options({"--version"}));
    }
    const bool all_ours = has_api(before);
    if (!separated && !all_ours) {
        return usage(
            "there is no \"--\": EAL options come first, then \"--\", then ROLE and its options; "
            "only with --api fabric there are no EAL options and no \"--\"");
    }
    Words ours = behind;
    if (all_ours) ours.insert(ours.begin(), before.begin(), before.end());
    auto parsed = parse_options(ours);
    if (auto* mistake = std::get_if<ParseEnd>(&parsed)) {
        if (all_ours && separated) {
            mistake->text += "\n(--api in front of \"--\": so there are no EAL options)";
        }
        return *mistake;
    }
    CommandLine line{{argv, all_ours ? argv + 1 : separator}, std::get<Options>(parsed)};
    if (line.options.api == Api::fabric && line.eal.size() > 1) {
        return usage(
            "--api fabric uses neither EAL nor an ethdev port: leave out all EAL options, those in "
            "front of the \"--\"");
    }
    return line;
}

}  // namespace famez::pingpong
