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
    Port& port;
    LinkWatch& link;
    Reporter& reporter;
};

// Each returns false when it could not do its work and has said why. `port`: bench.port as what it
// is, an EthdevPort or a FabricPort.
template <class AnyPort>
bool run_ping(const Bench& bench, AnyPort& port);
template <class AnyPort>
bool run_pong(const Bench& bench, AnyPort& port);
template <class AnyPort>
bool run_tx(const Bench& bench, AnyPort& port);
template <class AnyPort>
bool run_rx(const Bench& bench, AnyPort& port);

}  // namespace famez::pingpong
