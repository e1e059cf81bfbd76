// SPDX-License-Identifier: BSD-3-Clause
#include <famez/socket_transport.h>

namespace famez {

SocketTransport::SocketTransport(const SocketTransportOptions& options)
    : client_(IvshmemClient::connect(options.socket_path, options.timeout)),
      mapping_(Mapping::map(client_.region_fd(), options.accept_unsealed, options.least_bytes)) {
    collect_eventfds();
}

bool SocketTransport::service() {
    const bool served = client_.service();
    collect_eventfds();
    return served;
}

// The protocol has no mark behind the last of our own vectors: they trickle in.
void SocketTransport::collect_eventfds() {
    const auto& own = client_.own_eventfds();
    for (std::size_t i = eventfds_.size(); i < own.size(); ++i)
        eventfds_.push_back(own[i].get());
}

}  // namespace famez
