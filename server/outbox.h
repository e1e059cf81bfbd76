// SPDX-License-Identifier: BSD-3-Clause
//
// What the server still has to send, by receiver. Its slot holds one message at a time, for whoever
// it is: a receiver that does not take its mail must not hold up the others. So each has a short
// queue, they are served in turn, and one that lets a message lie is passed over for a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include <famez/mail_sender.h>

namespace famez {

class Outbox {
  public:
    using Clock = MailSender::Clock;

    static constexpr std::size_t queue_max = 8;  // messages that wait for one receiver
    // What a receiver has for a message, and what it has after it has let one lie.
    static constexpr std::chrono::milliseconds patience{250};
    static constexpr std::chrono::milliseconds wary_patience{50};
    // How long it is passed over then; doubled each time.
    static constexpr std::chrono::seconds pass_over{1};
    static constexpr std::chrono::seconds pass_over_max{16};

    struct Counters {
        std::uint64_t sent = 0;       // and taken
        std::uint64_t not_taken = 0;  // taken back
        std::uint64_t dropped = 0;  // never posted: too many waited, or the receiver is passed over
    };

    explicit Outbox(MailSender& sender) : sender_(sender) {}

    void post(std::uint32_t to, std::string message, Clock::time_point now);
    // Goes as far as it can.
    void pump(Clock::time_point now);
    // The id has another holder, or none.
    void forget(std::uint32_t id, Clock::time_point now);

    [[nodiscard]] bool idle() const { return sender_.idle() && turns_.empty(); }
    // When pump() is worth calling again; meaningless when idle.
    [[nodiscard]] Clock::duration pause(Clock::time_point now) const { return sender_.pause(now); }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Box {
        std::deque<std::string> waiting;
        Clock::duration penalty{};  // 0: in good standing
        Clock::time_point passed_over_until{};
    };
    void take_receipts(Clock::time_point now);
    bool submit_next();

    MailSender& sender_;
    std::map<std::uint32_t, Box> boxes_;
    std::deque<std::uint32_t> turns_;  // whose box is not empty, in the order of service
    std::uint32_t under_way_ = 0;      // the receiver of what the sender has
    Counters counters_;
};

}  // namespace famez
