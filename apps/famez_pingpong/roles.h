// SPDX-License-Identifier: BSD-3-Clause
// The four programs in one.
#pragma once

#include "link_watch.h"
#include "options.h"
#include "port.h"
#include "report.h"

namespace famez::pingpong {

struct Bench {
    const Options& options;
    const Port& port;
    LinkWatch& link;
    Reporter& reporter;
};

// Each returns false when it could not do its work and has said why.
bool run_ping(const Bench& bench);
bool run_pong(const Bench& bench);
bool run_tx(const Bench& bench);
bool run_rx(const Bench& bench);

}  // namespace famez::pingpong
