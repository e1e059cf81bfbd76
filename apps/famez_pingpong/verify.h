// SPDX-License-Identifier: BSD-3-Clause
// Checks a stream of messages: sequence, length and every byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "sizes.h"
#include "wire.h"

namespace famez::pingpong {

struct VerifyCounts {
    std::uint64_t received = 0;    // all that came
    std::uint64_t lost = 0;        // skipped and not come since
    std::uint64_t duplicated = 0;  // came before
    std::uint64_t reordered = 0;   // came after a later one (and is not lost)
    std::uint64_t corrupted = 0;   // wrong length or content; takes the place of a good one

    [[nodiscard]] bool clean() const {
        return lost == 0 && duplicated == 0 && reordered == 0 && corrupted == 0;
    }
};

// A part of a payload: a packet buffer may be a chain.
struct Piece {
    const std::uint8_t* data;
    std::size_t size;
};

class Verifier {
  public:
    // Without sizes only content and sequence are checked; without a first sequence number the
    // stream begins with whatever comes first.
    void start(std::optional<SizeRange> sizes, std::optional<std::uint64_t> first_sequence);

    // The sender writes sequence numbers but no pattern: the rest of a payload says nothing then.
    void ignore_content() { checked_bytes_ = sizeof(std::uint64_t); }

    // What a late hello tells about a stream already running.
    void learn_sizes(SizeRange sizes) {
        plan_ = SizePlan(sizes);
        sizes_known_ = true;
    }

    // One message; `size` is its payload's.
    void accept(const std::uint8_t* payload, std::size_t size) {
        if (synchronised_ && fits_expected(payload, size) &&
            matches_pattern(payload, std::min(size, checked_bytes_), 0, expected_)) {
            ++expected_;
            ++counts_.received;
            return;
        }
        const Piece piece{payload, size};
        accept_unexpected({&piece, 1});
    }
    void accept(std::span<const Piece> pieces);

    // The sender says that this was all up to `next_sequence`: what did not come is lost.
    void finish(std::uint64_t next_sequence);

    // The sequence number that comes next if nothing goes wrong.
    [[nodiscard]] std::uint64_t expected() const { return expected_; }
    [[nodiscard]] const VerifyCounts& counts() const { return counts_; }

  private:
    struct Gap {  // [from, to): skipped so far
        std::uint64_t from;
        std::uint64_t to;
    };
    // What a message says of its own sequence number: all of it, or as many low bits as it has.
    struct Claim {
        std::uint64_t value;
        std::uint64_t mask;
        std::size_t size;
    };

    // How far a shortened sequence number is searched for, and how far a full one may jump before
    // it is taken for damaged.
    static constexpr std::uint64_t search_ahead = std::uint64_t{1} << 16;
    static constexpr std::uint64_t search_back = 64;
    static constexpr std::uint64_t longest_jump = std::uint64_t{1} << 40;
    static constexpr std::size_t max_gaps = 4096;

    [[nodiscard]] bool fits_expected(const std::uint8_t* payload, std::size_t size) const {
        if (sizes_known_ && plan_.size_of(expected_) != size + ether_header) return false;
        // Words are compared whole by the caller; here only what is cheap.
        return size == 0 || payload[0] == static_cast<std::uint8_t>(expected_);
    }
    [[nodiscard]] bool right_size(std::uint64_t sequence, std::size_t size) const {
        return !sizes_known_ || plan_.size_of(sequence) == size + ether_header;
    }
    [[nodiscard]] bool pieces_match(std::span<const Piece> pieces, std::uint64_t sequence) const;
    [[nodiscard]] std::optional<std::uint64_t> resolve(const Claim& claim) const;
    [[nodiscard]] bool fits(const Claim& claim, std::uint64_t sequence) const;
    [[nodiscard]] bool is_missing(std::uint64_t sequence) const;
    void accept_unexpected(std::span<const Piece> pieces);
    void accept_corrupted(std::uint64_t claimed);
    void place(std::uint64_t sequence);
    void skip_to(std::uint64_t sequence);
    bool fill_gap(std::uint64_t sequence);

    SizePlan plan_;
    bool sizes_known_ = false;
    std::size_t checked_bytes_ = SIZE_MAX;  // of each payload
    bool synchronised_ = false;
    std::uint64_t first_ = 0;
    std::uint64_t expected_ = 0;
    VerifyCounts counts_;
    std::deque<Gap> gaps_;  // in order; never long, or the oldest are given up as lost
};

}  // namespace famez::pingpong
