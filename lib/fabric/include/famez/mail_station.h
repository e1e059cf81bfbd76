// SPDX-License-Identifier: BSD-3-Clause
//
// One attachment's post office: its mailbox, its sender, and the doorbells by which mail comes.
// One descriptor tells an event loop, of whatever kind, that there is something to receive().
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <famez/mail_responder.h>
#include <famez/mail_sender.h>
#include <famez/mailbox.h>
#include <famez/transport.h>
#include <famez/unique_fd.h>

namespace famez {

// Not thread-safe.
class MailStation {
  public:
    // `transport` outlives this. Mail comes on the vectors from 1 on: vector 0 is the lanes'.
    // Throws FabricError.
    MailStation(Transport& transport, const Mailbox& mailbox);
    MailStation(const MailStation&) = delete;
    MailStation& operator=(const MailStation&) = delete;
    // Leaves the own slot empty.
    ~MailStation();

    [[nodiscard]] Mailbox& mailbox() { return mailbox_; }
    [[nodiscard]] MailSender& sender() { return sender_; }
    // Readable while a mail doorbell has rung.
    [[nodiscard]] int fd() const { return epoll_.get(); }

    // Takes what the doorbells tell of, and gives each to deliver(Mail&&). Looks at so many
    // doorbells at most: whoever has others to serve must not be held by ports that ring without
    // end.
    template <class Deliver>
    void receive(Deliver&& deliver, std::size_t limit = SIZE_MAX) {
        for (; limit > 0; --limit) {
            const std::uint32_t from = next_rung();
            if (from == 0) return;
            if (auto message = mailbox_.take(from)) deliver(Mail{from, std::move(*message)});
        }
    }

    // Looks into every slot for mail that says that it is for us: for now and then, since a
    // doorbell may be missing (fewer vectors than ids, a device without interrupts) or was drained
    // by a hostile port. Old senders do not say whom their mail is for: theirs needs the doorbell.
    template <class Deliver>
    void sweep(Deliver&& deliver) {
        for (std::uint32_t from = 1; from <= mailbox_.server_id(); ++from) {
            if (!mailbox_.addressed_to_me(from)) continue;
            if (auto message = mailbox_.take(from)) deliver(Mail{from, std::move(*message)});
        }
        watch_doorbells();  // last: where it fails, mail has been found all the same
    }

    // receive() and, with `everywhere`, sweep() for who cannot always take more: what
    // accept(const Mail&) refuses stays in its sender's slot, who waits, and is offered again by
    // the next call. Nothing is lost.
    template <class Accept>
    void offer(bool everywhere, Accept&& accept) {
        std::erase_if(refused_, [&](const Mail& mail) { return !offer_again(mail, accept); });
        for (std::uint32_t from = next_rung(); from != 0; from = next_rung())
            offer_from(from, accept);
        if (!everywhere) return;
        for (std::uint32_t from = 1; from <= mailbox_.server_id(); ++from)
            if (mailbox_.addressed_to_me(from)) offer_from(from, accept);
        watch_doorbells();  // last, as in sweep()
    }

  private:
    template <class Accept>
    void offer_from(std::uint32_t from, Accept& accept) {
        auto message = mailbox_.peek(from);
        if (!message || was_refused(from)) return;
        Mail mail{from, std::move(*message)};
        if (accept(std::as_const(mail))) {
            mailbox_.withdraw(from);
        } else {
            refused_.push_back(std::move(mail));
        }
    }
    // True if it is refused again. Another text is another message, and perhaps somebody else's:
    // its own doorbell tells.
    template <class Accept>
    bool offer_again(const Mail& mail, Accept& accept) {
        if (mailbox_.peek(mail.from) != mail.message) return false;
        if (!accept(mail)) return true;
        mailbox_.withdraw(mail.from);
        return false;
    }
    [[nodiscard]] bool was_refused(std::uint32_t from) const;
    void watch_doorbells();
    std::uint32_t next_rung();

    Transport& transport_;
    Mailbox mailbox_;
    MailSender sender_;
    UniqueFd epoll_;
    std::vector<Mail> refused_;        // by offer(); in the order in which they came
    std::vector<std::uint32_t> rung_;  // what next_rung() will say, from the last to the first
    std::size_t watched_ = 1;          // vectors below are in epoll_ (or are vector 0)
};

}  // namespace famez
