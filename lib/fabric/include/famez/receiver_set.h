// SPDX-License-Identifier: BSD-3-Clause
//
// Receivers of several lane numbers in one thread: an RX queue of a port that has fewer queues than
// lanes. Looked at it is one receiver.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <famez/receiver.h>

namespace famez {

template <class Memory>
class ReceiverSet {
  public:
    // At least one; they outlive this.
    explicit ReceiverSet(std::vector<Receiver<Memory>*> receivers)
        : receivers_(std::move(receivers)) {}

    // As Receiver's functions of these names.
    template <class Visit>
    [[gnu::always_inline]] std::uint32_t poll(std::uint32_t max, Visit&& visit) {
        std::uint32_t total = 0;
        const std::size_t count = receivers_.size();
        for (std::size_t i = 0; i < count && total < max; ++i) {
            // Each poll begins with another lane number, as each of theirs does with another
            // source: a full burst from one starves nobody.
            if (++turn_ >= count) turn_ = 0;
            total += receivers_[turn_]->poll(max - total, visit);
        }
        return total;
    }
    [[nodiscard]] std::uint32_t waiting(std::uint32_t max) const {
        std::uint32_t found = 0;
        for (const Receiver<Memory>* receiver : receivers_)
            found += receiver->waiting(max - found);
        return found;
    }
    void settle() {
        for (Receiver<Memory>* receiver : receivers_)
            receiver->settle();
    }
    [[nodiscard]] bool anything() const {
        return std::any_of(receivers_.begin(), receivers_.end(),
                           [](const Receiver<Memory>* receiver) { return receiver->anything(); });
    }

    [[nodiscard]] const std::vector<Receiver<Memory>*>& receivers() const { return receivers_; }

  private:
    std::vector<Receiver<Memory>*> receivers_;
    std::size_t turn_ = 0;
};

}  // namespace famez
