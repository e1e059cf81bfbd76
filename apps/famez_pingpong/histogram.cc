// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.h"

#include <cmath>

namespace famez::pingpong {

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < bucket_count; ++i)
        buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::low_of(std::size_t bucket) {
    const std::size_t shift = shift_of(bucket);
    return (bucket - (shift << sub_bits)) << shift;
}

std::uint64_t Histogram::middle_of(std::size_t bucket) {
    return low_of(bucket) + (std::uint64_t{1} << shift_of(bucket)) / 2;
}

std::uint64_t Histogram::top_of(std::size_t bucket) const {
    return std::min(low_of(bucket) + ((std::uint64_t{1} << shift_of(bucket)) - 1), max_);
}

double Histogram::standard_deviation() const {
    if (count_ == 0) return 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        if (buckets_[i] == 0) continue;
        const auto value = static_cast<double>(std::clamp(middle_of(i), min_, max_));
        sum += (value - mean()) * (value - mean()) * static_cast<double>(buckets_[i]);
    }
    return std::sqrt(sum / static_cast<double>(count_));
}

std::uint64_t Histogram::percentile(double percent) const {
    if (count_ == 0) return 0;
    const double wanted = std::ceil(percent / 100.0 * static_cast<double>(count_));
    const auto rank =
        std::clamp(static_cast<std::uint64_t>(std::max(wanted, 1.0)), std::uint64_t{1}, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i];
        // A bucket's middle may lie outside what was recorded; the extremes are known exactly.
        if (seen >= rank) return std::clamp(middle_of(i), min_, max_);
    }
    return max_;
}

}  // namespace famez::pingpong
