// SPDX-License-Identifier: BSD-3-Clause
//
// The server as a peer that exchanges FAME-Z mail: the switch that manages the fabric. It answers
// ping and Peer-Attribute as every port does, the link protocol as the manager, and the names of
// commands (commands.h) with what these print.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <famez/mail_station.h>

#include "link_manager.h"
#include "log.h"
#include "observer.h"
#include "outbox.h"
#include "server_transport.h"
#include "watch.h"

namespace famez {

struct MailCounters {
    std::uint64_t received = 0;
    Outbox::Counters out;
};

class MailDesk final : public ServerObserver {
  public:
    // A command's output, line by line; nothing when there is no such command.
    using Inquiry = std::function<std::optional<std::vector<std::string>>(std::string_view)>;

    // Everything referred to outlives this. `manages`: it shows itself as Z-switch and configures
    // ports, else as Z-server and does not. Throws FabricError.
    MailDesk(sd_event* loop, Log& log, ServerTransport& transport, const Mailbox& mailbox,
             bool manages);

    // Who answers commands that come by mail.
    void answer_inquiries(Inquiry inquiry) { inquiry_ = std::move(inquiry); }

    [[nodiscard]] const LinkManager& links() const { return links_; }
    [[nodiscard]] MailCounters counters() const { return {received_, outbox_.counters()}; }

    void attached(std::uint32_t id, pid_t process) override;
    void left(std::uint32_t id) override;
    void tick() override;

  private:
    static constexpr std::uint32_t inquiries_a_tick = 8;

    void on_doorbell();
    void on_mail(const Mail& mail);
    [[nodiscard]] std::vector<std::string> replies(const Mail& mail);
    void draw(const std::vector<std::string>& lines);
    void go_on();

    Log& log_;
    MailStation station_;
    MailResponder responder_;
    LinkManager links_;
    Outbox outbox_;
    Inquiry inquiry_;
    std::set<std::uint32_t> present_;
    std::uint64_t received_ = 0;
    std::uint32_t ticks_until_drawing_ = 0;
    std::uint32_t inquiries_left_ = inquiries_a_tick;  // until the next tick
    IoWatch doorbell_;
    TimerWatch timer_;
};

}  // namespace famez
