// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

#include <algorithm>

#include "multiversion.h"

namespace famez::pingpong {
namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

FAMEZ_MULTIVERSION void write_words(std::uint8_t* to, std::size_t words, std::uint64_t first) {
    for (std::size_t i = 0; i < words; ++i) {
        const std::uint64_t word = first + i * pattern_step;
        std::memcpy(to + i * word_bytes, &word, word_bytes);
    }
}

FAMEZ_MULTIVERSION std::uint64_t compare_words(const std::uint8_t* from, std::size_t words,
                                               std::uint64_t first) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word;
        std::memcpy(&word, from + i * word_bytes, word_bytes);
        difference |= word ^ (first + i * pattern_step);
    }
    return difference;
}

// A part of one word: the bytes [skip, skip + size) of it.
struct Fragment {
    std::array<std::uint8_t, word_bytes> bytes;
    std::size_t skip;
    std::size_t size;

    Fragment(std::uint64_t word, std::size_t skip_bytes, std::size_t size_bytes)
        : bytes(), skip(skip_bytes), size(size_bytes) {
        store(bytes.data(), word);
    }
    void write(std::uint8_t* to) const { std::memcpy(to, bytes.data() + skip, size); }
    [[nodiscard]] bool matches(const std::uint8_t* from) const {
        return std::memcmp(from, bytes.data() + skip, size) == 0;
    }
};

// Cuts the byte range [offset, offset + size) of a payload at word borders and hands the parts on:
// fragment(position, Fragment) and words(position, count, first word). Stops at the first false.
template <typename OnFragment, typename OnWords>
bool for_each_part(std::size_t size, std::size_t offset, std::uint64_t sequence,
                   OnFragment&& fragment, OnWords&& words) {
    std::size_t done = 0;
    std::size_t index = offset / word_bytes;
    const std::size_t skip = offset % word_bytes;
    // Word 0 follows another rule than the rest, so it is never part of a run of words.
    if (size != 0 && (skip != 0 || index == 0)) {
        const std::size_t part = std::min(word_bytes - skip, size);
        if (!fragment(done, Fragment(pattern_word(sequence, index), skip, part))) return false;
        done += part;
        ++index;
    }
    const std::size_t whole = (size - done) / word_bytes;
    if (whole != 0) {
        if (!words(done, whole, pattern_word(sequence, index))) return false;
        done += whole * word_bytes;
        index += whole;
    }
    return done == size || fragment(done, Fragment(pattern_word(sequence, index), 0, size - done));
}

}  // namespace

void write_pattern(std::uint8_t* to, std::size_t size, std::size_t offset, std::uint64_t sequence) {
    for_each_part(
        size, offset, sequence,
        [to](std::size_t at, const Fragment& part) {
            part.write(to + at);
            return true;
        },
        [to](std::size_t at, std::size_t count, std::uint64_t first) {
            write_words(to + at, count, first);
            return true;
        });
}

bool matches_pattern(const std::uint8_t* from, std::size_t size, std::size_t offset,
                     std::uint64_t sequence) {
    return for_each_part(
        size, offset, sequence,
        [from](std::size_t at, const Fragment& part) { return part.matches(from + at); },
        [from](std::size_t at, std::size_t count, std::uint64_t first) {
            return compare_words(from + at, count, first) == 0;
        });
}

}  // namespace famez::pingpong
