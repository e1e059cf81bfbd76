// SPDX-License-Identifier: BSD-3-Clause
#include "percentile_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <iterator>

namespace famez::pingpong {
namespace {

// As many lines for each halving of what is left to 100 %.
constexpr double lines_per_halving = 5;

double next_level(double level) {
    const double halvings = std::floor(std::log2(100 / (100 - level))) + 1;
    return level + 100 / (lines_per_halving * std::exp2(halvings));
}

}  // namespace

std::string percentile_text(const Histogram& histogram, double unit) {
    std::string text;
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount",
                   "1/(1-Percentile)");
    const auto total = static_cast<double>(histogram.count());
    std::uint64_t seen = 0;
    double level = 0;
    for (std::size_t i = 0; seen < histogram.count(); ++i) {
        if (histogram.count_in(i) == 0) continue;
        seen += histogram.count_in(i);
        const double value = static_cast<double>(histogram.top_of(i)) * unit;
        // A bucket that holds many has many lines.
        while (level < 100 && 100 * static_cast<double>(seen) / total >= level) {
            fmt::format_to(out, "{:>12.3f} {:>14.12f} {:>10} {:>14.2f}\n", value, level / 100, seen,
                           1 / (1 - level / 100));
            if (seen == histogram.count()) break;
            level = next_level(level);
        }
    }
    const double largest = static_cast<double>(histogram.max()) * unit;
    if (seen != 0) fmt::format_to(out, "{:>12.3f} {:>14.12f} {:>10}\n", largest, 1.0, seen);
    fmt::format_to(out, "#[Mean    = {:>12.3f}, StdDeviation   = {:>12.3f}]\n",
                   histogram.mean() * unit, histogram.standard_deviation() * unit);
    fmt::format_to(out, "#[Max     = {:>12.3f}, Total count    = {:>12}]\n", largest,
                   histogram.count());
    // Counted its way: the first bucket has all sub-buckets, each further one the upper half.
    fmt::format_to(out, "#[Buckets = {:>12}, SubBuckets     = {:>12}]\n",
                   Histogram::bucket_count / Histogram::sub_buckets - 1,
                   2 * Histogram::sub_buckets);
    return text;
}

std::string histogram_path(const Options& options, SizeRange size) {
    if (options.sizes.size() == 1) return options.histogram_file;
    std::filesystem::path path = options.histogram_file;
    const std::string extension = path.extension().string();
    path.replace_filename(fmt::format("{}-{}{}", path.stem().string(), to_string(size), extension));
    return path.string();
}

std::string histogram_obstacle(const Options& options) {
    if (options.histogram_file.empty()) return "";
    for (const SizeRange& size : options.sizes) {
        const std::filesystem::path path = histogram_path(options, size);
        const std::filesystem::path directory =
            path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        const bool there = access(path.c_str(), F_OK) == 0;
        if (access(there ? path.c_str() : directory.c_str(), W_OK) == 0) continue;
        return fmt::format("--hist: {} cannot be written: {}; give another FILE", path.string(),
                           std::strerror(errno));
    }
    return "";
}

}  // namespace famez::pingpong
