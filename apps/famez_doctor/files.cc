// SPDX-License-Identifier: BSD-3-Clause
#include "files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

namespace famez::doctor {

std::optional<std::string> read_line(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    return line;
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
    if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
    const auto line = read_line(path);
    return line ? to_number(*line) : std::nullopt;
}

std::optional<std::string> link_name(const std::filesystem::path& path) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error);
    if (error) return std::nullopt;
    return target.filename().string();
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    // Processes and devices vanish while their directories are read: increment() must not throw.
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// fmt::join would do, but what it brings in makes gcc 12 warn at -O3.
std::string listed(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) {
        if (!result.empty()) result += ", ";
        result += text;
    }
    return result;
}

std::string size_text(std::uint64_t bytes) {
    for (const auto& [shift, unit] : {std::pair{30, "GiB"}, {20, "MiB"}, {10, "KiB"}}) {
        const std::uint64_t size = std::uint64_t{1} << shift;
        if (bytes < size) continue;
        if (bytes % size == 0) return fmt::format("{} {}", bytes >> shift, unit);
        return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(size),
                           unit);
    }
    return fmt::format("{} bytes", bytes);
}

}  // namespace famez::doctor
