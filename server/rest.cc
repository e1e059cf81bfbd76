// SPDX-License-Identifier: BSD-3-Clause
#include "rest.h"

#include <fmt/format.h>
#include <microhttpd.h>

#include <chrono>
#include <exception>
#include <string_view>

#include <famez/error.h>

#include "rest_pages.h"

namespace famez {
namespace {

constexpr std::size_t connection_bytes = 16384;

struct DestroyResponse {
    void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

MHD_Result send(MHD_Connection* connection, const RestAnswer& answer) {
    const std::unique_ptr<MHD_Response, DestroyResponse> response(MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type);
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    return MHD_queue_response(connection, answer.status, response.get());
}

RestAnswer answer(const FabricReport& report, MHD_Connection* connection, std::string_view path,
                  std::string_view method) {
    for (const RestPage& page : rest_pages()) {
        if (path != page.path) continue;
        if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
            return rest_error(MHD_HTTP_METHOD_NOT_ALLOWED, "read-only: GET and HEAD alone");
        }
        const char* port = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "port");
        RestQuery query;
        if (port != nullptr) query.port.emplace(port);
        return page.answer(report, query);
    }
    return rest_error(MHD_HTTP_NOT_FOUND, "there is no such path; / lists those that there are");
}

// Called by C: no exception may pass.
MHD_Result on_request(void* data, MHD_Connection* connection, const char* path, const char* method,
                      const char*, const char*, std::size_t* body_bytes, void** seen) {
    const auto& report = *static_cast<const FabricReport*>(data);
    // First called when the header is there. An answer before the end of a request would end the
    // connection, which a scraper likes to keep. What is sent with a request is thrown away.
    if (*seen == nullptr || *body_bytes != 0) {
        *seen = data;
        *body_bytes = 0;
        return MHD_YES;
    }
    try {
        return send(connection, answer(report, connection, path, method));
    } catch (const std::exception&) {
        return MHD_NO;  // the connection is closed
    }
}

}  // namespace

void RestServer::StopDaemon::operator()(MHD_Daemon* daemon) const {
    MHD_stop_daemon(daemon);
}

RestServer::RestServer(sd_event* loop, Log& log, HttpListener listener, const FabricReport& report)
    : address_(listener.address), report_(report), timer_(loop, log, [this] { go_on(); }) {
    const unsigned flags = MHD_USE_EPOLL | (listener.v6 ? unsigned{MHD_USE_IPv6} : 0U);
    // From here on the socket is the daemon's to close.
    daemon_.reset(MHD_start_daemon(
        flags, 0, nullptr, nullptr, &on_request, const_cast<FabricReport*>(&report_),
        MHD_OPTION_LISTEN_SOCKET, listener.socket.release(), MHD_OPTION_CONNECTION_LIMIT,
        connections_max, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes, MHD_OPTION_END));
    if (daemon_ == nullptr) throw FabricError("HTTP cannot be served: libmicrohttpd fails");
    const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD);
    if (info == nullptr) throw FabricError("HTTP cannot be served: libmicrohttpd has no epoll");
    sockets_ = std::make_unique<IoWatch>(loop, log, info->epoll_fd, [this] { go_on(); });
    go_on();
}

unsigned RestServer::connections() const {
    const MHD_DaemonInfo* info =
        MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info == nullptr ? 0 : info->num_connections;
}

void RestServer::go_on() {
    // At its limit libmicrohttpd takes its listening socket out of the epoll set, and puts it back
    // at the first run behind the end of a connection: no event would tell of that.
    unsigned before = 0;
    do {
        before = connections();
        MHD_run(daemon_.get());
    } while (connections() < before);
    MHD_UNSIGNED_LONG_LONG ms = 0;
    if (MHD_get_timeout(daemon_.get(), &ms) != MHD_YES) return timer_.stop();
    timer_.fire_in(std::chrono::milliseconds(ms));
}

}  // namespace famez
