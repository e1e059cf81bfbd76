// SPDX-License-Identifier: BSD-3-Clause
//
// Socket activation: systemd has made the socket and hands it over (sd_listen_fds(3)).
#pragma once

#include <string>

#include <famez/unique_fd.h>

namespace famez {

// The listening socket that the service manager passed to this process; none when it passed
// nothing. Throws FabricError when what it passed is not one listening UNIX stream socket.
UniqueFd inherited_listener();

// The path that a UNIX socket is bound to, for people.
std::string path_of(int socket);

}  // namespace famez
