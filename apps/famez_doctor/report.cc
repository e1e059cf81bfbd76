// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace famez::doctor {
namespace {

bool is_shown(const Finding& finding, bool quiet) {
    return !quiet || finding.verdict == Verdict::warning || finding.verdict == Verdict::problem;
}

const char* short_word(Verdict verdict) {
    return verdict == Verdict::not_applicable ? "-" : to_string(verdict);
}

std::string indented(const std::string& label, const std::string& text) {
    std::string result;
    std::istringstream lines(text);
    bool first = true;
    for (std::string line; std::getline(lines, line); first = false)
        result += fmt::format("{:9}{:15}{}\n", "", first ? label : "", line);
    return result;
}

std::string counted(std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::size_t count_of(const Findings& findings, Verdict verdict) {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [verdict](const Finding& finding) { return finding.verdict == verdict; }));
}

const char* name_of(Place place) {
    return place == Place::guest ? "guest" : "host";
}

}  // namespace

std::string to_text(Place place, const Findings& findings, bool quiet) {
    if (quiet && worst_of(findings) == Verdict::ok) return "";
    std::string text = quiet ? "" : fmt::format("This is looked at as a {}.\n", name_of(place));
    std::string device;
    for (const Finding& finding : findings) {
        if (!is_shown(finding, quiet)) continue;
        if (finding.device != device && !finding.device.empty()) {
            text += fmt::format("Device {}\n", finding.device);
        }
        device = finding.device;
        text +=
            fmt::format("{:9}{:15}{}\n", short_word(finding.verdict), finding.name, finding.found);
        if (!finding.wrong.empty()) text += indented("  wrong:", finding.wrong);
        if (!finding.cure.empty()) text += indented("  to mend it:", finding.cure);
    }
    return text + fmt::format("{}, {}\n", counted(count_of(findings, Verdict::problem), "problem"),
                              counted(count_of(findings, Verdict::warning), "warning"));
}

std::string to_json(Place place, const Findings& findings, bool quiet) {
    nlohmann::ordered_json checks = nlohmann::ordered_json::array();
    for (const Finding& finding : findings) {
        if (!is_shown(finding, quiet)) continue;
        checks.push_back({{"name", finding.name},
                          {"device", finding.device},
                          {"verdict", to_string(finding.verdict)},
                          {"found", finding.found},
                          {"wrong", finding.wrong},
                          {"cure", finding.cure}});
    }
    const nlohmann::ordered_json all = {
        {"place", name_of(place)}, {"verdict", to_string(worst_of(findings))}, {"checks", checks}};
    // Names of files and processes need not be UTF-8.
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace famez::doctor
