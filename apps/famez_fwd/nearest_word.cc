// SPDX-License-Identifier: BSD-3-Clause
#include "nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace famez::fwd {
namespace {

// Letters to insert, to remove or to replace (Levenshtein's distance).
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    const std::size_t close = 1 + word.size() / 4;
    std::string nearest;
    std::size_t least = close + 1;
    for (const std::string& one : known) {
        const std::size_t letters = distance(word, one);
        if (letters < least) {
            least = letters;
            nearest = one;
        }
    }
    return nearest;
}

}  // namespace famez::fwd
