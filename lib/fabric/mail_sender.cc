// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include <famez/mail_sender.h>

namespace famez {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Behind a message taken back. Its receiver may be in the middle of reading it, and would take
// what comes next for the rest of it.
constexpr milliseconds grace{10};

}  // namespace

const char* to_string(MailEnd end) {
    switch (end) {
        case MailEnd::taken:
            return "taken";
        case MailEnd::absent:
            return "nobody is there";
        case MailEnd::not_taken:
            return "it does not take its mail";
        case MailEnd::unreachable:
            return "its doorbells do not reach to our id: the server needs --vectors of ports + 2";
        case MailEnd::invalid:
            return "impossible: no such id, or a message that is empty or too long";
    }
    return "?";
}

std::uint64_t MailSender::submit(std::uint32_t to, std::string message, std::uint32_t as) {
    queue_.push_back({next_ticket_, to, as == 0 ? mailbox_.id() : as, std::move(message)});
    return next_ticket_++;
}

void MailSender::pump(Clock::time_point now, bool others_wait) {
    while (!queue_.empty()) {
        if (!posted_) {
            if (now < not_before_) return;
            post_first(now);
            continue;
        }
        const Letter& letter = queue_.front();
        const Clock::duration waited = now - since_;
        if (mailbox_.free(letter.as)) {
            end_first(MailEnd::taken, waited);
        } else if (!mailbox_.inhabited(letter.to)) {
            // Whoever comes to that id next is somebody else.
            mailbox_.withdraw(letter.as);
            not_before_ = now + grace;
            end_first(MailEnd::absent, waited);
        } else if (waited >= patience_ && (others_wait || !linger_)) {
            mailbox_.withdraw(letter.as);
            not_before_ = now + grace;
            end_first(rung_ ? MailEnd::not_taken : MailEnd::unreachable, waited);
        } else {
            ring_first();
            return;
        }
        others_wait = others_wait || queue_.size() > 1;
        now = Clock::now();
    }
}

void MailSender::post_first(Clock::time_point now) {
    const Letter& letter = queue_.front();
    if (const auto found = obstacle(letter)) return end_first(*found, {});
    mailbox_.post(letter.as, letter.to, letter.message);
    posted_ = true;
    since_ = now;
    rung_ = false;
    ring_first();
}

// Who has just come shows in its slot before news of its doorbells is here: rung as soon as they
// are. Without any it may be found all the same: see MailStation::sweep().
void MailSender::ring_first() {
    const Letter& letter = queue_.front();
    if (rung_) return;
    rung_ = ring_(static_cast<std::uint16_t>(letter.to), static_cast<std::uint16_t>(letter.as));
}

std::optional<MailEnd> MailSender::obstacle(const Letter& letter) const {
    const std::size_t bytes = letter.message.size();
    if (!mailbox_.has_slot(letter.to) || !mailbox_.has_slot(letter.as) || bytes == 0 ||
        bytes > Mailbox::message_max) {
        return MailEnd::invalid;
    }
    if (!mailbox_.inhabited(letter.to)) return MailEnd::absent;
    return std::nullopt;
}

void MailSender::end_first(MailEnd end, Clock::duration took) {
    receipts_.push_back({queue_.front().ticket, queue_.front().to, end, took});
    queue_.pop_front();
    posted_ = false;
}

std::optional<MailReceipt> MailSender::receipt() {
    if (receipts_.empty()) return std::nullopt;
    const MailReceipt first = receipts_.front();
    receipts_.pop_front();
    return first;
}

MailSender::Clock::duration MailSender::pause(Clock::time_point now) const {
    if (!posted_) return now < not_before_ ? not_before_ - now : Clock::duration::zero();
    const Clock::duration waited = now - since_;
    if (waited < microseconds(100)) return Clock::duration::zero();
    return std::min<Clock::duration>(waited / 4, milliseconds(5));
}

}  // namespace famez
