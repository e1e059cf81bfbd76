// SPDX-License-Identifier: BSD-3-Clause
//
// What a receiver waits on: one descriptor that is readable when the eventfds of its lanes' vectors
// have been rung.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <famez/unique_fd.h>

namespace famez {

class Doorbell {
  public:
    // One eventfd, and nobody else waits for it: it is taken by reading. -1: no doorbell.
    explicit Doorbell(int eventfd = -1);
    // Several, or some that other receivers wait for as well. Reading one would take the others'
    // rings too, so none is read: an epoll set of our own notes each ring. Throws FabricError.
    explicit Doorbell(std::vector<int> eventfds);

    [[nodiscard]] bool able() const { return !eventfds_.empty(); }
    // To wait for, in any way; never to be read.
    [[nodiscard]] int fd() const { return set_ ? set_.get() : eventfds_.front(); }

    // Takes the rings so far and says how many there were; of a set, how many of its eventfds were
    // rung. It is not readable then. Receiver's thread.
    std::uint64_t drain();
    // As a sender rings. Any thread.
    void ring();

  private:
    std::vector<int> eventfds_;  // empty: none
    UniqueFd set_;
};

}  // namespace famez
