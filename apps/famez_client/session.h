// SPDX-License-Identifier: BSD-3-Clause
//
// One stay on the fabric: attached, shown in the mailbox, answering what every port answers, and
// waiting for whatever a command waits for. Commands are plain functions that call run_until().
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <famez/mail_responder.h>
#include <famez/mail_station.h>

#include "attachment.h"
#include "command.h"
#include "output.h"

namespace famez::client {

// Not thread-safe.
class Session {
  public:
    using Clock = std::chrono::steady_clock;
    using Ticket = std::uint64_t;

    // Throws FabricError.
    Session(const AttachOptions& options, Output& output);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() = default;

    [[nodiscard]] std::uint32_t id() const { return attachment_.id(); }
    [[nodiscard]] Mailbox& mailbox() { return station_.mailbox(); }
    [[nodiscard]] const MailParty& self() const { return responder_.self(); }
    [[nodiscard]] bool configured() const { return responder_.configured(); }
    [[nodiscard]] std::span<std::byte> region() const { return attachment_.region(); }
    [[nodiscard]] const std::optional<Geometry>& geometry() const { return attachment_.geometry(); }
    [[nodiscard]] bool served() const { return served_; }
    [[nodiscard]] Output& output() { return output_; }

    // Before each command: how long others have to take a message, and whether to show them all.
    void prepare(const Command& command);

    // Queues a message; the rest of the queue's way is walked in run_until(). `as`: MailSender.
    Ticket submit(std::uint32_t to, std::string message, std::uint32_t as = 0);
    // With the hop counter of a protocol's first message.
    Ticket submit_counted(std::uint32_t to, std::string_view text);
    // How it ended, if it has; once.
    std::optional<MailReceipt> receipt(Ticket ticket);
    // Waits for that: bounded by the patience. Nothing if the user does not want to wait.
    std::optional<MailReceipt> wait_for(Ticket ticket);
    [[nodiscard]] std::size_t queued() { return station_.sender().queued(); }

    // Lives until done() or the deadline; true if done. Also ends when a stop is requested.
    bool run_until(const std::function<bool()>& done, Clock::time_point deadline);
    // Everything of ours is on its way, or one patience has passed.
    void drain();
    // One look at everything, and a wait until there is more, `until`, or something to be read from
    // `other_fd`.
    void turn(Clock::time_point until, int other_fd = -1);

    // Gets the mail that this program does not answer by itself: true if that was what it waited
    // for. What nobody claims is shown.
    std::function<bool(const Mail&)> claim;
    // Is told of each question answered.
    std::function<void(const Mail&, const std::string& answer)> on_answer;
    // Shows mail that nobody claims.
    std::function<void(const Mail&)> show;

    // "z03 (3)".
    [[nodiscard]] std::string name_of(std::uint32_t id);

  private:
    void take(const Mail& mail);
    void collect_receipts();
    void look_after(Clock::time_point now);
    void block(Clock::time_point now, Clock::time_point until, int other_fd);

    Output& output_;
    Attachment attachment_;
    MailStation station_;
    MailResponder responder_;
    std::map<Ticket, std::optional<MailReceipt>> awaited_;
    Clock::duration patience_ = MailSender::default_patience;
    Clock::time_point last_busy_{};
    Clock::time_point service_due_{};
    int verbose_ = 0;
    bool served_ = true;
    bool introduced_ = false;
};

// Ends the claims and hooks of a command, whatever way it ends.
class Hooks {
  public:
    explicit Hooks(Session& session) : session_(session) {}
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;
    ~Hooks() {
        session_.claim = nullptr;
        session_.on_answer = nullptr;
    }

  private:
    Session& session_;
};

inline std::chrono::nanoseconds to_duration(double seconds) {
    // Not a number, too.
    if (!(seconds > 0)) return {};
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 1e9) * 1e9));
}

}  // namespace famez::client
