// SPDX-License-Identifier: BSD-3-Clause
//
// REST, read-only: libmicrohttpd without threads in the server's loop. Its sockets do not block,
// their number and their patience are limited.
#pragma once

#include <memory>

#include "fabric_report.h"
#include "http_listener.h"
#include "log.h"
#include "watch.h"

struct MHD_Daemon;

namespace famez {

class RestServer {
  public:
    static constexpr unsigned connections_max = 12;
    static constexpr unsigned idle_seconds_max = 5;

    // Everything referred to outlives this. Throws FabricError.
    RestServer(sd_event* loop, Log& log, HttpListener listener, const FabricReport& report);

    // Where it is.
    [[nodiscard]] const RestAddress& address() const { return address_; }

  private:
    struct StopDaemon {
        void operator()(MHD_Daemon* daemon) const;
    };
    [[nodiscard]] unsigned connections() const;
    void go_on();

    RestAddress address_;
    const FabricReport& report_;
    std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
    std::unique_ptr<IoWatch> sockets_;
    TimerWatch timer_;
};

}  // namespace famez
