// SPDX-License-Identifier: BSD-3-Clause
//
// What the server has beside its clients: mail, REST and a console. None of it is needed for ports
// to talk to each other.
#pragma once

#include <memory>
#include <optional>

#include "console.h"
#include "fabric_report.h"
#include "log.h"
#include "mail_desk.h"
#include "options.h"
#include "presence.h"
#include "rest.h"
#include "server.h"
#include "server_transport.h"

namespace famez {

class Attendants {
  public:
    // The server outlives this. `region` is empty when the server is a stock one. Throws
    // FabricError.
    Attendants(Server& server, const ServerOptions& options, std::span<std::byte> region,
               const Geometry& geometry, Log& log);
    Attendants(const Attendants&) = delete;
    Attendants& operator=(const Attendants&) = delete;

    // Where REST is served, if it is.
    [[nodiscard]] std::optional<RestAddress> rest_address() const;
    // If there is a terminal. Throws FabricError.
    void open_console(Server& server, Log& log);

  private:
    void open_mail(Server& server, const ServerOptions& options, Log& log);
    void open_rest(Server& server, const ServerOptions& options, Log& log);

    std::optional<FabricPlace> place_;
    Presence presence_;
    std::optional<ServerTransport> transport_;
    std::unique_ptr<MailDesk> desk_;
    std::optional<FabricReport> report_;
    std::unique_ptr<RestServer> rest_;
    std::unique_ptr<Console> console_;
};

}  // namespace famez
