// SPDX-License-Identifier: BSD-3-Clause
// A histogram of any 64-bit values in fixed memory, exact below 256 and within 0.4 % above.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace famez::pingpong {

// Log-linear: each power of two is cut into 128 equal buckets, so a bucket is never wider than
// 1/128 of its values, and its middle is never further than 1/256 from any of them.
class Histogram {
  public:
    void record(std::uint64_t value) {
        ++buckets_[bucket_of(value)];
        ++count_;
        sum_ += value;
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
    }

    void clear() { *this = Histogram(); }
    void merge(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] double mean() const;

    // The smallest recorded value that at least `percent` per cent of all do not exceed, as exactly
    // as the buckets know it. 0 when nothing was recorded.
    [[nodiscard]] std::uint64_t percentile(double percent) const;

    // How far the values lie from their mean, as exactly as the buckets know it.
    [[nodiscard]] double standard_deviation() const;

    static constexpr unsigned sub_bits = 7;
    static constexpr std::uint64_t sub_buckets = std::uint64_t{1} << sub_bits;
    static constexpr std::size_t bucket_count = (64 - sub_bits + 1) << sub_bits;

    // A bucket for who goes through them all: how many values, and the largest that it can hold,
    // though no more than the largest recorded.
    [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const { return buckets_[bucket]; }
    [[nodiscard]] std::uint64_t top_of(std::size_t bucket) const;

  private:
    // Below 256 a bucket a value; above, the top 8 bits of the value and how far they are shifted.
    static std::size_t bucket_of(std::uint64_t value) {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        const unsigned shift = width > sub_bits + 1 ? width - sub_bits - 1 : 0;
        return (static_cast<std::size_t>(shift) << sub_bits) + (value >> shift);
    }
    // By how many bits the values of a bucket are shifted, and the least of them.
    static std::size_t shift_of(std::size_t bucket) {
        return bucket < 2 * sub_buckets ? 0 : (bucket >> sub_bits) - 1;
    }
    static std::uint64_t low_of(std::size_t bucket);
    static std::uint64_t middle_of(std::size_t bucket);

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t min_ = UINT64_MAX;
    std::uint64_t max_ = 0;
};

}  // namespace famez::pingpong
