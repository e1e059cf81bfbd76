// SPDX-License-Identifier: BSD-3-Clause
#include "device_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace famez::fwd {
namespace {

constexpr std::string_view short_form = "00:03.0";
constexpr std::string_view long_form = "0000:00:03.0";

bool is_hex(char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

// Hexadecimal digits where the form has digits, and the same characters between them.
bool has_form(std::string_view name, std::string_view form) {
    return name.size() == form.size() &&
           std::equal(name.begin(), name.end(), form.begin(),
                      [](char c, char f) { return is_hex(f) ? is_hex(c) : c == f; });
}

}  // namespace

bool is_pci_address(std::string_view name) {
    return has_form(name, short_form) || has_form(name, long_form);
}

bool is_vdev(std::string_view name) {
    return name.starts_with("net_") || name.starts_with("eth_");
}

std::string device_name(std::string_view name) {
    const bool odd = std::any_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isspace(c) != 0 || std::iscntrl(c) != 0 || c == ',' || c == '=';
    });
    if (name.empty() || name.starts_with('-') || odd) {
        throw std::invalid_argument(
            fmt::format("'{}' is no name of a device, such as net_famez0 or 0000:00:03.0", name));
    }
    std::string full(name);
    if (!is_pci_address(name)) return full;
    if (has_form(name, short_form)) full.insert(0, "0000:");
    // DPDK writes them so, and compares names letter by letter.
    std::transform(full.begin(), full.end(), full.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return full;
}

}  // namespace famez::fwd
