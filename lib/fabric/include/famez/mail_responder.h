// SPDX-License-Identifier: BSD-3-Clause
//
// What every port of a fabric answers by itself, as FAME-Z's drivers did: ping, Peer-Attribute and
// CTL-Write (Gen-Z 1.0: Link CTL 11.11, P2P Core 6.10.1, Standalone Acknowledgment 6.8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <famez/mail_text.h>
#include <famez/mailbox.h>

namespace famez {

struct Mail {
    std::uint32_t from;
    std::string message;
};

// What a message with `hops` is answered with: one hop more, or uncounted if it was.
std::string reply_to(const MailText& message, std::string_view reply, MailDialect dialect);

// Not thread-safe.
class MailResponder {
  public:
    // Shows `self` in the mailbox's own slot.
    MailResponder(Mailbox& mailbox, MailParty self);

    // The answer to a message that is the port's own business; nothing when it is for its user.
    std::optional<std::string> answer(const Mail& mail);

    [[nodiscard]] const MailParty& self() const { return self_; }
    // A managing switch has given it its Gen-Z ids.
    [[nodiscard]] bool configured() const { return configured_; }

  private:
    std::optional<std::string> configure(std::string_view arguments);

    Mailbox& mailbox_;
    MailParty self_;
    bool configured_ = false;
};

}  // namespace famez
