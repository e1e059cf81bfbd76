// SPDX-License-Identifier: BSD-3-Clause
//
// What a check says. Checks know nothing of how it is printed, printing nothing of the checks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace famez::doctor {

enum class Verdict : std::uint8_t { ok, warning, problem, not_applicable };

const char* to_string(Verdict verdict);

struct Finding {
    std::string name;  // of the check
    Verdict verdict = Verdict::ok;
    std::string found;   // what there is
    std::string wrong;   // why that is not well; empty if it is
    std::string cure;    // what to type or to change, a line each
    std::string device;  // PCI address, for checks of one device
};

using Findings = std::vector<Finding>;

inline Finding ok(std::string name, std::string found) {
    return {std::move(name), Verdict::ok, std::move(found), "", "", ""};
}
inline Finding not_applicable(std::string name, std::string why) {
    return {std::move(name), Verdict::not_applicable, std::move(why), "", "", ""};
}

// The worst that was found decides: problem, else warning, else ok.
Verdict worst_of(const Findings& findings);

}  // namespace famez::doctor
