// SPDX-License-Identifier: BSD-3-Clause
//
// Small files of sysfs and proc. What is not there or cannot be read is nullopt, never an
// exception.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace famez::doctor {

// The first line, without its end.
std::optional<std::string> read_line(const std::filesystem::path& path);

std::vector<std::string> read_lines(const std::filesystem::path& path);

// The first line as a number, with 0x or decimal.
std::optional<std::uint64_t> read_number(const std::filesystem::path& path);

// Decimal, or hexadecimal behind 0x; nullopt if it is neither.
std::optional<std::uint64_t> to_number(std::string_view text);

// The last part of a symbolic link's target: the driver behind `driver`, the group behind
// `iommu_group`.
std::optional<std::string> link_name(const std::filesystem::path& path);

// The names in a directory, sorted.
std::vector<std::string> names_in(const std::filesystem::path& directory);

// The texts, with ", " between them.
std::string listed(const std::vector<std::string>& texts);

// "1 GiB", "4 MiB", "640 KiB", "17 bytes".
std::string size_text(std::uint64_t bytes);

}  // namespace famez::doctor
