// SPDX-License-Identifier: BSD-3-Clause
#include "touch.h"

#include <cstring>

#include "multiversion.h"

namespace famez::pingpong {
namespace {

FAMEZ_MULTIVERSION std::uint64_t sum_words(const std::uint8_t* bytes, std::size_t words) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word;
        std::memcpy(&word, bytes + i * sizeof word, sizeof word);
        sum += word;
    }
    return sum;
}

}  // namespace

std::uint64_t TouchSum::sum_of(const std::uint8_t* bytes, std::size_t size) {
    std::uint64_t sum = sum_words(bytes, size / sizeof sum);
    for (std::size_t i = size - size % sizeof sum; i < size; ++i)
        sum += bytes[i];
    return sum;
}

}  // namespace famez::pingpong
