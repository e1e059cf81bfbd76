// SPDX-License-Identifier: BSD-3-Clause
// What the probe can play. All take the socket of a server that has nobody else, but for those that
// say with whom they play.
#pragma once

#include <string>

namespace famez::probe {

// holding.cc
void counts(const std::string& socket);
void held(const std::string& socket);
void threads(const std::string& socket);
void cleanup(const std::string& socket);
void limit(const std::string& socket);

// ends.cc
void stopped(const std::string& socket);
void sender_stops(const std::string& socket);
void reset(const std::string& socket);
void close(const std::string& socket);
void close_again(const std::string& socket);
void successor_alike(const std::string& socket);
void successor_smaller(const std::string& socket);
void queues(const std::string& socket);

// clones.cc
void clone(const std::string& socket);
void clone_kept(const std::string& socket);

// pools.cc
void late_pool(const std::string& socket);
void pool_again(const std::string& socket);
void pool_errors(const std::string& socket);

// copies.cc
void copies(const std::string& socket);
void copies_few(const std::string& socket);
void copies_chains(const std::string& socket);
void copies_refused(const std::string& socket);
void copies_reset(const std::string& socket);
void copies_large(const std::string& socket);

// killed.cc
void holds_on(const std::string& socket);
void lends(const std::string& socket);
void lends_on(const std::string& socket);
void lends_scribbling(const std::string& socket);

}  // namespace famez::probe
