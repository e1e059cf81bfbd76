// SPDX-License-Identifier: BSD-3-Clause
//
// One client's connection: what it is still to be told. The protocol goes one way, from the server
// to the client (QEMU docs/specs/ivshmem-spec.txt, "ivshmem client-server protocol").
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <famez/unique_fd.h>

namespace famez {

// Descriptors that a queued message still needs stay open, whatever became of their id since.
using SharedFds = std::shared_ptr<const std::vector<UniqueFd>>;

class Client {
  public:
    enum class Flushed : std::uint8_t {
        all,      // nothing is left to be sent
        blocked,  // the socket is full: go on when it polls as writable
        starved,  // the kernel is short of something: go on after a while
        broken,   // the connection is gone
    };

    // `limit`: queue entries beyond which the client is given up as one that does not read.
    Client(UniqueFd socket, std::size_t limit) : socket_(std::move(socket)), limit_(limit) {}

    [[nodiscard]] int socket() const { return socket_.get(); }
    [[nodiscard]] std::size_t queued() const { return queue_.size(); }

    // Queues `value`: one message for each descriptor in `fds`, or one message alone without `fds`.
    // False when the queue is full: the client is to be dropped.
    [[nodiscard]] bool push(std::int64_t value, SharedFds fds = nullptr);

    // Takes back what push() queued for `value` with descriptors. False when there is none of it,
    // or its sending has begun. A client that does not read thus holds no descriptors of ids that
    // are gone.
    [[nodiscard]] bool forget(std::int64_t value);

    // Sends what the socket takes now, a bounded share of it at a time.
    Flushed flush();

  private:
    struct Entry {
        std::int64_t value;
        SharedFds fds;
    };
    static constexpr int messages_per_flush = 512;

    UniqueFd socket_;
    std::size_t limit_;
    std::deque<Entry> queue_;
    std::size_t next_fd_ = 0;  // of the first entry
};

}  // namespace famez
