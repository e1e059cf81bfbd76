// SPDX-License-Identifier: BSD-3-Clause
#include "queue_verifier.h"

#include <algorithm>
#include <array>

namespace famez::pingpong {
namespace {

// The queue that a message names; one that is too short names none.
std::uint64_t queue_of(std::span<const Piece> pieces) {
    std::array<std::uint8_t, sizeof(std::uint64_t)> start{};
    std::size_t known = 0;
    for (const Piece& piece : pieces) {
        const std::size_t part = std::min(piece.size, start.size() - known);
        std::copy_n(piece.data, part, start.data() + known);
        known += part;
    }
    if (known < start.size()) return UINT64_MAX;
    return load<std::uint64_t>(start.data()) >> queue_shift;
}

}  // namespace

void QueueVerifier::start(std::optional<SizeRange> sizes,
                          std::optional<std::uint64_t> first_sequence, std::uint32_t queues) {
    verifiers_.assign(std::clamp(queues, 1U, max_queues), Verifier());
    unplaced_ = VerifyCounts();
    from_the_start_ = first_sequence == std::uint64_t{0};
    if (verifiers_.size() == 1) {
        verifiers_.front().start(sizes, first_sequence);
        return;
    }
    for (std::uint32_t queue = 0; queue < verifiers_.size(); ++queue) {
        verifiers_[queue].start(
            sizes, from_the_start_ ? std::optional(queue_sequence(queue)) : std::nullopt);
    }
}

void QueueVerifier::ignore_content() {
    for (Verifier& verifier : verifiers_)
        verifier.ignore_content();
}

void QueueVerifier::accept(std::span<const Piece> pieces) {
    const std::uint64_t queue = queue_of(pieces);
    if (queue < verifiers_.size()) {
        verifiers_[queue].accept(pieces);
        return;
    }
    ++unplaced_.received;
    ++unplaced_.corrupted;
}

// How many went to each queue is not told. What a queue skipped is counted; what is missing behind
// its last message is missing from the sum.
void QueueVerifier::finish(std::uint64_t next_sequence) {
    if (verifiers_.size() == 1) {
        verifiers_.front().finish(next_sequence);
        return;
    }
    if (!from_the_start_) return;
    std::uint64_t accounted = unplaced_.received;
    for (std::uint32_t queue = 0; queue < verifiers_.size(); ++queue)
        accounted += verifiers_[queue].expected() - queue_sequence(queue);
    if (next_sequence > accounted) unplaced_.lost += next_sequence - accounted;
}

VerifyCounts QueueVerifier::counts() const {
    VerifyCounts sum = unplaced_;
    for (const Verifier& verifier : verifiers_) {
        const VerifyCounts& counts = verifier.counts();
        sum.received += counts.received;
        sum.lost += counts.lost;
        sum.duplicated += counts.duplicated;
        sum.reordered += counts.reordered;
        sum.corrupted += counts.corrupted;
    }
    return sum;
}

}  // namespace famez::pingpong
