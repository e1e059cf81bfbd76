// SPDX-License-Identifier: BSD-3-Clause
#include "attendants.h"

#include <famez/error.h>

#include "commands.h"

namespace famez {

Attendants::Attendants(Server& server, const ServerOptions& options, std::span<std::byte> region,
                       const Geometry& geometry, Log& log) {
    if (server.table()) place_ = FabricPlace{region, geometry, server.table()->mailbox()};
    server.add_observer(presence_);
    if (place_ && !options.silent) open_mail(server, options, log);
    report_.emplace(place_, presence_, desk_.get());
    if (options.rest) open_rest(server, options, log);
}

std::optional<RestAddress> Attendants::rest_address() const {
    return rest_ == nullptr ? std::nullopt : std::optional(rest_->address());
}

void Attendants::open_console(Server& server, Log& log) {
    if (!Console::possible()) return;
    console_ = std::make_unique<Console>(server.loop(), log, *report_);
    server.add_observer(*console_);
}

void Attendants::open_mail(Server& server, const ServerOptions& options, Log& log) {
    const auto id = static_cast<std::uint16_t>(place_->mailbox.id());
    transport_.emplace(place_->region, id, server.own_eventfds(), server.ids());
    desk_ = std::make_unique<MailDesk>(server.loop(), log, *transport_, place_->mailbox,
                                       options.manager);
    desk_->answer_inquiries([this](std::string_view text) -> std::optional<Lines> {
        const Command* command = find_command(text);
        if (command == nullptr || !command->by_mail) return std::nullopt;
        return command->answer(*report_);
    });
    server.add_observer(*desk_);
}

// The default's port is one for the whole machine: a second server goes without.
void Attendants::open_rest(Server& server, const ServerOptions& options, Log& log) {
    try {
        rest_ = std::make_unique<RestServer>(server.loop(), log, HttpListener::open(*options.rest),
                                             *report_);
    } catch (const FabricError& error) {
        if (options.rest_given) throw;
        log.always("warning: {}; going on without", error.what());
    }
}

}  // namespace famez
