// SPDX-License-Identifier: BSD-3-Clause
// Verifies what came of all TX queues of a sender: each has its own sequence (wire.h), and an order
// of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "verify.h"

namespace famez::pingpong {

class QueueVerifier {
  public:
    // As Verifier's functions of these names. With several queues a first sequence number other
    // than 0 says only that the stream began before.
    void start(std::optional<SizeRange> sizes, std::optional<std::uint64_t> first_sequence,
               std::uint32_t queues = 1);
    void ignore_content();
    void learn_sizes(SizeRange sizes) { verifiers_.front().learn_sizes(sizes); }
    // `next_sequence`: of all queues together, how many messages were sent.
    void finish(std::uint64_t next_sequence);
    [[nodiscard]] VerifyCounts counts() const;

    template <class Frame>
    void verify(const Frame& frame) {
        if (verifiers_.size() == 1) [[likely]] {
            verify_frame(frame, verifiers_.front(), pieces_);
            return;
        }
        collect_payload(frame, pieces_);
        accept(pieces_);
    }
    void accept(std::span<const Piece> pieces);

  private:
    std::vector<Verifier> verifiers_ = std::vector<Verifier>(1);  // by queue
    std::vector<Piece> pieces_;
    VerifyCounts unplaced_;  // what no queue can be named for
    bool from_the_start_ = false;
};

}  // namespace famez::pingpong
