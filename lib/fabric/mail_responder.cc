// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <famez/mail_responder.h>

namespace famez {
namespace {

constexpr std::string_view ctl_write = "CTL-Write ";

std::optional<std::uint64_t> number_at(const std::map<std::string, std::string, std::less<>>& pairs,
                                       std::string_view key) {
    const auto found = pairs.find(key);
    return found == pairs.end() ? std::nullopt : parse_number(found->second);
}

}  // namespace

std::string reply_to(const MailText& message, std::string_view reply, MailDialect dialect) {
    return message.hops ? with_hops(reply, *message.hops + 1, dialect) : std::string(reply);
}

MailResponder::MailResponder(Mailbox& mailbox, MailParty self)
    : mailbox_(mailbox), self_(std::move(self)) {
    mailbox_.show(self_);
}

std::optional<std::string> MailResponder::answer(const Mail& mail) {
    const MailText message = split_hops(mail.message);
    const std::string_view text = trim(message.text);
    std::optional<std::string> reply;
    if (text == "ping") {
        reply = "pong";
    } else if (text == "Link CTL Peer-Attribute") {
        reply = fmt::format("Link CTL ACK {}={},CID0={},SID0={}",
                            mailbox_.dialect() == MailDialect::with_class ? "cclass" : "C-Class",
                            self_.component_class, self_.cid, self_.sid);
    } else if (text.starts_with(ctl_write)) {
        reply = configure(text.substr(ctl_write.size()));
    }
    if (!reply) return std::nullopt;
    return reply_to(message, *reply, mailbox_.dialect());
}

std::optional<std::string> MailResponder::configure(std::string_view arguments) {
    const auto pairs = parse_pairs(arguments);
    const auto cid = number_at(pairs, "CID");
    const auto sid = number_at(pairs, "SID");
    const auto tag = pairs.find("Tag");
    if (number_at(pairs, "Space") != 0 || !cid || !sid || tag == pairs.end()) return std::nullopt;
    self_.cid = *cid;
    self_.sid = *sid;
    mailbox_.show_ids(self_.cid, self_.sid);
    configured_ = true;
    return fmt::format("Standalone Acknowledgment Tag={},Reason=OK", tag->second);
}

}  // namespace famez
