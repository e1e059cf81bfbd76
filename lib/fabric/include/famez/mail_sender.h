// SPDX-License-Identifier: BSD-3-Clause
//
// Sends mail, one message after the other: a slot holds one, and it is free again when its receiver
// has taken it. Never waits by itself, so that it fits any event loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include <famez/mailbox.h>

namespace famez {

enum class MailEnd : std::uint8_t {
    taken,        // its receiver has it
    absent,       // nobody is at that id
    not_taken,    // its receiver let the time pass; the message was taken back
    unreachable,  // the same, and no doorbell led there: the id's vectors do not reach to ours
    invalid,      // empty, too long, or no such id
};
// For people: "taken", "nobody is there", ...
const char* to_string(MailEnd end);

struct MailReceipt {
    std::uint64_t ticket;
    std::uint32_t to;
    MailEnd end;
    std::chrono::nanoseconds took;  // from post to the moment it was seen taken
};

// Not thread-safe.
class MailSender {
  public:
    using Clock = std::chrono::steady_clock;
    // Rings vector `vector` of `peer`; false when there is no such doorbell.
    using Ring = std::function<bool(std::uint16_t peer, std::uint16_t vector)>;
    static constexpr std::chrono::milliseconds default_patience{1000};

    MailSender(Mailbox& mailbox, Ring ring) : mailbox_(mailbox), ring_(std::move(ring)) {}

    // How long a receiver has for a message, from now on.
    void set_patience(Clock::duration patience) { patience_ = patience; }
    // From now on what was posted stays in its slot, for a receiver that comes late, as long as no
    // other letter waits behind it; then its patience counts.
    void set_linger(bool linger) { linger_ = linger; }

    // Queues a message; pump() sends it. `as`: from whose slot, 0 for the own (see
    // Mailbox::post()). Returns the ticket that its receipt will bear.
    std::uint64_t submit(std::uint32_t to, std::string message, std::uint32_t as = 0);

    // Goes as far as it can.
    void pump(Clock::time_point now) { pump(now, queue_.size() > 1); }
    // The same, for who has a letter to submit as soon as the slot is free.
    void make_way(Clock::time_point now) { pump(now, true); }
    // The end of what was submitted, in that order.
    std::optional<MailReceipt> receipt();

    // Everything submitted has ended.
    [[nodiscard]] bool idle() const { return queue_.empty(); }
    [[nodiscard]] std::size_t queued() const { return queue_.size(); }
    // The first of what has not ended stands in its slot.
    [[nodiscard]] bool posted() const { return posted_; }
    // When pump() is worth calling again: nothing tells of a message taken, so somebody has to
    // look. Zero: at once; grows with the time waited. Meaningless when idle.
    [[nodiscard]] Clock::duration pause(Clock::time_point now) const;

  private:
    struct Letter {
        std::uint64_t ticket;
        std::uint32_t to;
        std::uint32_t as;
        std::string message;
    };

    void pump(Clock::time_point now, bool others_wait);
    void post_first(Clock::time_point now);
    void ring_first();
    void end_first(MailEnd end, Clock::duration took);
    [[nodiscard]] std::optional<MailEnd> obstacle(const Letter& letter) const;

    Mailbox& mailbox_;
    Ring ring_;
    Clock::duration patience_ = default_patience;
    bool linger_ = false;
    std::deque<Letter> queue_;  // the first is the one under way
    bool posted_ = false;
    bool rung_ = false;
    Clock::time_point since_{};       // the first letter stands in its slot, or waits for it
    Clock::time_point not_before_{};  // see end_first()
    std::deque<MailReceipt> receipts_;
    std::uint64_t next_ticket_ = 1;
};

}  // namespace famez
