// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include <algorithm>
#include <array>

namespace famez::pingpong {
namespace {

std::size_t total_size(std::span<const Piece> pieces) {
    std::size_t size = 0;
    for (const Piece& piece : pieces)
        size += piece.size;
    return size;
}

}  // namespace

bool Verifier::pieces_match(std::span<const Piece> pieces, std::uint64_t sequence) const {
    std::size_t offset = 0;
    for (const Piece& piece : pieces) {
        const std::size_t size = std::min(piece.size, checked_bytes_ - offset);
        if (!matches_pattern(piece.data, size, offset, sequence)) return false;
        offset += size;
    }
    return true;
}

void Verifier::start(std::optional<SizeRange> sizes, std::optional<std::uint64_t> first_sequence) {
    *this = Verifier();
    if (sizes) learn_sizes(*sizes);
    if (first_sequence) {
        synchronised_ = true;
        first_ = expected_ = *first_sequence;
    }
}

void Verifier::accept(std::span<const Piece> pieces) {
    if (synchronised_ && right_size(expected_, total_size(pieces)) &&
        pieces_match(pieces, expected_)) {
        ++expected_;
        ++counts_.received;
        return;
    }
    accept_unexpected(pieces);
}

bool Verifier::fits(const Claim& claim, std::uint64_t sequence) const {
    return ((sequence ^ claim.value) & claim.mask) == 0 && right_size(sequence, claim.size);
}

bool Verifier::is_missing(std::uint64_t sequence) const {
    return std::any_of(gaps_.begin(), gaps_.end(), [sequence](const Gap& gap) {
        return gap.from <= sequence && sequence < gap.to;
    });
}

// Short payloads hold only the low bits of their number. The nearest number ahead that fits is
// never beyond the true one, so a wrong guess is put right by the next message that says more. Only
// what is much nearer behind counts as an old message.
std::optional<std::uint64_t> Verifier::resolve(const Claim& claim) const {
    if (claim.mask == UINT64_MAX) {
        const auto distance = static_cast<std::int64_t>(claim.value - expected_);
        const bool credible = distance < static_cast<std::int64_t>(longest_jump) &&
                              distance > -static_cast<std::int64_t>(longest_jump);
        return credible && right_size(claim.value, claim.size) ? std::optional(claim.value)
                                                               : std::nullopt;
    }
    const std::uint64_t step = claim.mask + 1;
    const std::uint64_t first_ahead = (claim.value - expected_) & claim.mask;
    std::optional<std::uint64_t> ahead;
    for (std::uint64_t d = first_ahead; d <= std::max(search_ahead, first_ahead); d += step) {
        if (fits(claim, expected_ + d)) {
            ahead = d;
            break;
        }
    }
    const std::uint64_t oldest = std::min(search_back, expected_ - first_);
    for (std::uint64_t d = 1; d <= oldest; ++d) {
        if (!fits(claim, expected_ - d)) continue;
        const bool much_nearer = !ahead || d * 2 < *ahead;
        const bool fills_a_gap = is_missing(expected_ - d) && (!ahead || d < *ahead);
        if (much_nearer || fills_a_gap) return expected_ - d;
    }
    return ahead ? std::optional(expected_ + *ahead) : std::nullopt;
}

void Verifier::accept_unexpected(std::span<const Piece> pieces) {
    ++counts_.received;
    std::array<std::uint8_t, 8> start{};
    std::size_t known = 0;
    for (const Piece& piece : pieces) {
        const std::size_t part = std::min(piece.size, start.size() - known);
        std::copy_n(piece.data, part, start.data() + known);
        known += part;
    }
    const std::uint64_t mask =
        known >= start.size() ? UINT64_MAX : (std::uint64_t{1} << (8 * known)) - 1;
    const Claim claim{load<std::uint64_t>(start.data()), mask, total_size(pieces)};
    if (!synchronised_) {
        synchronised_ = true;
        first_ = expected_ = claim.value;
    }
    const auto sequence = resolve(claim);
    if (!sequence || !pieces_match(pieces, *sequence)) {
        accept_corrupted(claim.value);
        return;
    }
    place(*sequence);
}

// A damaged message still took the place of one that was sent. If its number can be believed that
// place is known; if not it is the next one, which keeps the messages behind it in step.
void Verifier::accept_corrupted(std::uint64_t claimed) {
    ++counts_.corrupted;
    const std::uint64_t ahead = claimed - expected_;
    if (ahead <= search_ahead) {
        skip_to(claimed);
        expected_ = claimed + 1;
    } else if (!fill_gap(claimed)) {
        ++expected_;
    }
}

void Verifier::place(std::uint64_t sequence) {
    if (sequence == expected_) {
        ++expected_;
    } else if (static_cast<std::int64_t>(sequence - expected_) > 0) {
        skip_to(sequence);
        expected_ = sequence + 1;
    } else if (fill_gap(sequence)) {
        ++counts_.reordered;
    } else {
        ++counts_.duplicated;
    }
}

void Verifier::skip_to(std::uint64_t sequence) {
    if (sequence == expected_) return;
    counts_.lost += sequence - expected_;
    gaps_.push_back({expected_, sequence});
    if (gaps_.size() > max_gaps) gaps_.pop_front();
}

bool Verifier::fill_gap(std::uint64_t sequence) {
    const auto gap = std::find_if(gaps_.begin(), gaps_.end(), [sequence](const Gap& candidate) {
        return candidate.from <= sequence && sequence < candidate.to;
    });
    if (gap == gaps_.end()) return false;
    --counts_.lost;
    const Gap before{gap->from, sequence};
    const Gap behind{sequence + 1, gap->to};
    if (before.from != before.to && behind.from != behind.to) {
        *gap = behind;
        gaps_.insert(gap, before);
    } else if (before.from != before.to) {
        *gap = before;
    } else if (behind.from != behind.to) {
        *gap = behind;
    } else {
        gaps_.erase(gap);
    }
    return true;
}

void Verifier::finish(std::uint64_t next_sequence) {
    if (!synchronised_) {
        // Nothing at all came and nobody said where it began.
        start(std::nullopt, next_sequence);
        return;
    }
    if (next_sequence > expected_) {
        skip_to(next_sequence);
        expected_ = next_sequence;
    }
}

}  // namespace famez::pingpong
