// SPDX-License-Identifier: BSD-3-Clause
#include "mail_desk.h"

#include <utility>

#include "printable.h"

namespace famez {
namespace {

// Doorbells can be rung faster than they are answered: the loop has others to serve.
constexpr std::size_t messages_at_once = 64;
constexpr std::uint32_t ticks_between_drawings = 10;
// What a command's output may take, in messages.
constexpr std::size_t pages_max = 4;
constexpr std::size_t page_bytes = Mailbox::message_max - 32;  // and the hop counter

MailParty party(std::uint32_t id, bool manages) {
    if (!manages) return {"Z-server", "FabricSwitch", 0, 0};
    return {"Z-switch", "FabricSwitch", LinkManager::cid_of(id), LinkManager::sid};
}

bool shown(const MailParty& self, const Mailbox& mailbox) {
    const MailParty seen = mailbox.look(mailbox.id());
    const bool has_class = mailbox.dialect() == MailDialect::with_class;
    return seen.node_name == self.node_name && seen.cid == self.cid && seen.sid == self.sid &&
           (!has_class || seen.component_class == self.component_class);
}

// Lines as few messages; what does not fit is said.
std::vector<std::string> pages_of(const std::vector<std::string>& lines) {
    std::vector<std::string> pages(1);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool fits = pages.back().size() + 1 + lines[i].size() <= page_bytes;
        if (!fits && pages.size() == pages_max) {
            pages.back() += fmt::format("\n... {} more", lines.size() - i);
            break;
        }
        if (!fits) pages.emplace_back();
        if (!pages.back().empty()) pages.back() += '\n';
        pages.back() += lines[i].substr(0, page_bytes);
    }
    return pages;
}

}  // namespace

MailDesk::MailDesk(sd_event* loop, Log& log, ServerTransport& transport, const Mailbox& mailbox,
                   bool manages)
    : log_(log),
      station_(transport, mailbox),
      responder_(station_.mailbox(), party(transport.id(), manages)),
      links_(responder_.self(), manages, log),
      outbox_(station_.sender()),
      doorbell_(loop, log, station_.fd(), [this] { on_doorbell(); }),
      timer_(loop, log, [this] { go_on(); }) {}

void MailDesk::attached(std::uint32_t id, pid_t) {
    present_.insert(id);
    links_.forget(id);
    outbox_.forget(id, Outbox::Clock::now());
    go_on();
}

void MailDesk::left(std::uint32_t id) {
    present_.erase(id);
    links_.forget(id);
    outbox_.forget(id, Outbox::Clock::now());
    go_on();
}

void MailDesk::tick() {
    if (ticks_until_drawing_ > 0) --ticks_until_drawing_;
    inquiries_left_ = inquiries_a_tick;
    // Any port can scribble over our slot.
    if (outbox_.idle() && !shown(responder_.self(), station_.mailbox())) {
        station_.mailbox().show(responder_.self());
    }
    station_.sweep([this](Mail&& mail) { on_mail(mail); });
    go_on();
}

void MailDesk::on_doorbell() {
    station_.receive([this](Mail&& mail) { on_mail(mail); }, messages_at_once);
    go_on();
}

void MailDesk::go_on() {
    const auto now = Outbox::Clock::now();
    outbox_.pump(now);
    if (outbox_.idle()) return timer_.stop();
    timer_.fire_in(outbox_.pause(now));
}

void MailDesk::on_mail(const Mail& mail) {
    // Anybody can write anywhere; this one is not even an id that somebody holds.
    if (!present_.contains(mail.from)) return;
    ++received_;
    log_.detail("mail from port {}: {}", mail.from, printable(mail.message));
    const auto now = Outbox::Clock::now();
    const MailText message = split_hops(mail.message);
    for (const std::string& reply : replies(mail))
        outbox_.post(mail.from, reply_to(message, reply, station_.mailbox().dialect()), now);
}

// Without hop counters.
std::vector<std::string> MailDesk::replies(const Mail& mail) {
    const std::string_view text = trim(split_hops(mail.message).text);
    const LinkManager::Outcome outcome = links_.answer(mail.from, text);
    if (outcome.reply) return {*outcome.reply};
    if (outcome.known) return {};
    if (auto answer = responder_.answer({mail.from, std::string(text)})) return {*answer};
    // Each is a look at all ports: so many a tick are answered, whoever asks and how.
    if (!inquiry_ || inquiries_left_ == 0) return {};
    --inquiries_left_;
    const auto lines = inquiry_(text);
    if (!lines) return {};
    // The original drew its switch where its operator sees it.
    if (text == "dump") draw(*lines);
    return pages_of(*lines);
}

void MailDesk::draw(const std::vector<std::string>& lines) {
    if (ticks_until_drawing_ > 0) return;
    ticks_until_drawing_ = ticks_between_drawings;
    for (const std::string& line : lines)
        log_.event("{}", line);
}

}  // namespace famez
