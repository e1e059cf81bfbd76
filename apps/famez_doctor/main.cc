// SPDX-License-Identifier: BSD-3-Clause
//
// famez_doctor: looks at a host or a guest and says what is wrong and how to mend it. checks.h
// lists the checks; report.h prints.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "checks.h"
#include "options.h"
#include "report.h"

namespace famez::doctor {
namespace {

int examine(const Options& options) {
    const Place place = options.place.value_or(place_of(options.environment));
    const Findings findings =
        place == Place::guest ? check_guest(options.environment) : check_host(options.environment);
    const std::string text = options.json ? to_json(place, findings, options.quiet)
                                          : to_text(place, findings, options.quiet);
    std::fputs(text.c_str(), stdout);
    return worst_of(findings) == Verdict::problem ? 1 : 0;
}

int run(const std::vector<std::string>& arguments) {
    const auto result = parse_options(arguments, Environment::of_this_process());
    if (const auto* end = std::get_if<ParseEnd>(&result)) {
        std::fputs(end->text.c_str(), end->exit_code == 0 ? stdout : stderr);
        return end->exit_code;
    }
    return examine(std::get<Options>(result));
}

}  // namespace
}  // namespace famez::doctor

int main(int argc, char** argv) {
    try {
        return famez::doctor::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "famez_doctor: %s\n", error.what());
        return 1;
    }
}
