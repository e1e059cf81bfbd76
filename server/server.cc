// SPDX-License-Identifier: BSD-3-Clause
#include "server.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <famez/eventfd.h>

#include "id_pool.h"
#include "rising_ids.h"

namespace famez {
namespace {

constexpr std::int64_t protocol_version = 0;
constexpr std::int64_t region_message = -1;
constexpr std::uint64_t tick_us = 100'000;
constexpr std::uint32_t ticks_of_pause = 10;
constexpr std::uint32_t ticks_between_status = 10;

// Messages with descriptors that a client does not read stay in its socket, and what one user may
// have under way is limited over all sockets (see failed_with() in client.cc). The kernel's
// smallest buffer holds about seven; the rest waits in our queue, where it costs nobody anything.
constexpr int send_buffer_bytes = 1;

std::vector<UniqueFd> one(UniqueFd fd) {
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(fd));
    return fds;
}

std::unique_ptr<IdSource> make_ids(const ServerSettings& settings) {
    if (settings.stock) return std::make_unique<RisingIds>(settings.vectors);
    return std::make_unique<IdPool>(settings.ports, settings.vectors);
}

pid_t peer_pid(int socket) {
    ucred credentials{};
    socklen_t bytes = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) return 0;
    return credentials.pid;
}

}  // namespace

Server::Server(const ServerSettings& settings, UniqueFd listener, UniqueFd region,
               std::optional<ServerTable> table, Log& log)
    : settings_(settings),
      region_(std::make_shared<const std::vector<UniqueFd>>(one(std::move(region)))),
      table_(std::move(table)),
      log_(log),
      ids_(make_ids(settings)) {
    if (!settings_.silent) own_eventfds_ = make_eventfds(settings_.vectors);
    for (std::uint32_t id = 1; table_ && id <= settings_.ports; ++id) {
        if (!table_->usable(id)) ids_->retire(id);
    }
    sd_event* event = nullptr;
    check_event(sd_event_new(&event), "the event loop cannot be made");
    event_.reset(event);
    watch_signals();
    watch_listener(std::move(listener));
    start_ticking();
}

int Server::run() {
    tell_manager("READY=1\n");
    const int code = sd_event_loop(event_.get());
    sd_notify(0, "STOPPING=1");
    if (code < 0) log_.always("the event loop failed: {}", std::strerror(-code));
    return code < 0 ? 1 : code;
}

// What `systemctl status` shows.
void Server::tell_manager(const std::string& news) {
    if (news.empty() && told_manager_ == ports_.size()) return;
    told_manager_ = ports_.size();
    const auto of = settings_.stock ? "" : fmt::format(" of {}", settings_.ports);
    sd_notify(0, fmt::format("{}STATUS={}{} ports attached", news, ports_.size(), of).c_str());
}

// ---- sd-event ----

// Callbacks are called by C: no exception may pass.
template <typename Function>
int Server::guarded(Function function) {
    try {
        function();
        reap();
    } catch (const std::exception& error) {
        log_.always("giving up: {}", error.what());
        sd_event_exit(event_.get(), 1);
    }
    return 0;
}

void Server::watch_signals() {
    sigset_t blocked;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        if (sigismember(&blocked, number) == 0) continue;
        if (number == SIGHUP && log_.has_file()) {
            const auto callback = [](sd_event_source*, const signalfd_siginfo*, void* self) {
                auto& server = *static_cast<Server*>(self);
                return server.guarded([&] { server.log_.reopen(); });
            };
            check_event(sd_event_add_signal(event_.get(), nullptr, number, callback, this),
                        "signals cannot be watched");
            continue;
        }
        // Without a handler sd-event leaves the loop, with the code given here: 0.
        check_event(sd_event_add_signal(event_.get(), nullptr, number, nullptr, nullptr),
                    "signals cannot be watched");
    }
}

void Server::watch_listener(UniqueFd listener) {
    listener_ = std::move(listener);
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, int, std::uint32_t, void* self) {
        auto& server = *static_cast<Server*>(self);
        return server.guarded([&] { server.on_listener(); });
    };
    check_event(sd_event_add_io(event_.get(), &source, listener_.get(), EPOLLIN, callback, this),
                "the socket cannot be watched");
    listener_source_.reset(source);
    // Behind the clients: the id of one that has left is free again before the next is accepted.
    check_event(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 1),
                "the socket cannot be watched");
}

void Server::start_ticking() {
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source* timer, std::uint64_t, void* self) {
        auto& server = *static_cast<Server*>(self);
        sd_event_source_set_time_relative(timer, tick_us);
        sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
        return server.guarded([&] { server.on_tick(); });
    };
    check_event(sd_event_add_time_relative(event_.get(), &source, CLOCK_MONOTONIC, tick_us,
                                           tick_us / 10, callback, this),
                "the timer cannot be made");
    tick_source_.reset(source);
    // Ahead of the clients, so that a busy one does not hold up the heartbeat.
    check_event(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT),
                "the timer cannot be made");
}

void Server::on_tick() {
    if (table_) table_->tick();
    log_.tick();
    if (++ticks_ % ticks_between_status == 0) tell_manager();
    if (ticks_until_accepting_ > 0 && --ticks_until_accepting_ == 0) {
        sd_event_source_set_enabled(listener_source_.get(), SD_EVENT_ON);
    }
    for (auto& [id, port] : ports_) {
        if (port->starved) flush(*port);
    }
    for (ServerObserver* observer : observers_)
        observer->tick();
}

void Server::on_listener() {
    // One at a time: see the priorities in watch_listener().
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) return attach(std::move(socket));
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) pause_accepting(errno);
}

// The connection that could not be accepted stays in the backlog and would wake us at once again.
void Server::pause_accepting(int error) {
    log_.event("a client cannot be accepted now: {}; trying again in a second",
               std::strerror(error));
    sd_event_source_set_enabled(listener_source_.get(), SD_EVENT_OFF);
    ticks_until_accepting_ = ticks_of_pause;
}

void Server::on_port(Port& port, std::uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        char byte = 0;
        const ssize_t bytes = ::recv(port.client.socket(), &byte, 1, MSG_DONTWAIT);
        if (bytes > 0) return doom(port, "it sent data, and the protocol has none for the server");
        if (bytes == 0 || (errno != EAGAIN && errno != EINTR)) return doom(port, "it has left");
    }
    if ((events & EPOLLOUT) != 0) flush(port);
}

// ---- clients ----

void Server::attach(UniqueFd socket) {
    const pid_t pid = peer_pid(socket.get());
    const auto id = ids_->acquire();
    if (!id) {
        // Just closed: saying anything, to it or to others, has killed other people's clients.
        log_.event("a client (process {}) was refused: {}", pid, ids_->shortage());
        return;
    }
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    // Each id is introduced at most once to a client, and with --no-recycle taken back once.
    const std::size_t queue_limit = 2 * std::size_t{ids_->limit()} + 8;
    auto port = std::unique_ptr<Port>(new Port{this, *id, Client(std::move(socket), queue_limit),
                                               std::vector<bool>(ids_->limit()), nullptr});
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, int, std::uint32_t events, void* data) {
        auto& the_port = *static_cast<Port*>(data);
        Server& server = *the_port.server;
        return server.guarded([&] { server.on_port(the_port, events); });
    };
    const int result = sd_event_add_io(event_.get(), &source, port->client.socket(), EPOLLIN,
                                       callback, port.get());
    if (result < 0) {
        log_.event("a client (process {}) was refused: {}", pid, std::strerror(-result));
        ids_->release(*id);
        return;
    }
    port->source.reset(source);
    Port& newcomer = *ports_.emplace(*id, std::move(port)).first->second;
    if (table_) table_->assign(*id);
    wake_sleepers();
    log_.detail("port {} is attached (process {}), {} free", *id, pid, ids_->free());
    introduce(newcomer);
    greet(newcomer);
    for (ServerObserver* observer : observers_)
        observer->attached(*id, pid);
}

// The others are told first, so that whoever the newcomer rings knows how to ring back. One whose
// socket is full learns of it later: nobody waits for it.
void Server::introduce(Port& newcomer) {
    for (auto& [id, port] : ports_) {
        if (id == newcomer.id || port->told[newcomer.id]) continue;
        port->told[newcomer.id] = true;
        tell(*port, newcomer.id, ids_->eventfds(newcomer.id));
    }
}

void Server::greet(Port& newcomer) {
    tell(newcomer, protocol_version);
    tell(newcomer, newcomer.id);
    tell(newcomer, region_message, region_);
    for (const auto& [id, port] : ports_) {
        if (id == newcomer.id || port->doomed) continue;
        newcomer.told[id] = true;
        tell(newcomer, id, ids_->eventfds(id));
    }
    if (own_eventfds_ != nullptr) tell(newcomer, settings_.ports + 1, own_eventfds_);
    // Its own come last: the protocol has no other mark of a greeting's end.
    newcomer.told[newcomer.id] = true;
    tell(newcomer, newcomer.id, ids_->eventfds(newcomer.id));
}

// A port's end, and the one place to read about who is told what of whom.
//
// A client collects the eventfds of an id, one a message. Two things can be said of an id later:
// the same again, or that it has left (the id without a descriptor). Stock QEMU 7.2 bears neither
// when an id is used again: introduced twice, it complains of too many eventfds; told of the end
// and then of the id again, it writes into the array that it freed at the end, and aborts. So:
//
//  - No client is ever sent the eventfds of the same id twice. `told` keeps account, for each
//    connection, of the ids that it has been sent. An id that appears is introduced to those
//    present that were not told of it before; a newcomer is told of all who are present. Hence any
//    two ports that are present know each other's eventfds.
//  - Recycling (the default): an id's eventfds are made once and kept as long as the server lives.
//    So what a survivor was told of an id is right for each later holder as well. At an end there
//    is nothing to tell, and nothing is told: who is there stands in the port table. Parked ids are
//    not shown to newcomers: nobody is there, and they are told when somebody is.
//  - What was rung while nobody held the id is drained between two holders, in IdPool::acquire(),
//    before the table shows the new holder and before it is greeted. A ring of a survivor that
//    comes after that costs the newcomer one look at its lanes; a drain after that would take a
//    doorbell meant for the newcomer.
//  - --no-recycle and --stock: the end is told, to those who were told of the id, and the id is
//    never used again: neither introduced nor taken back twice.
//
// The table shows the end only when the socket is closed: from then on its holder's process is gone
// or has been given up by us, and the id can have a new one.
void Server::detach(std::uint32_t id) {
    const auto found = ports_.find(id);
    if (found == ports_.end()) return;
    ports_.erase(found);
    if (table_) table_->end(id);
    wake_sleepers();
    for (ServerObserver* observer : observers_)
        observer->left(id);
    if (settings_.recycle && table_ && table_->usable(id)) return ids_->release(id);
    ids_->retire(id);
    if (settings_.recycle) return;
    for (auto& [other, port] : ports_) {
        // Who has not read of its coming yet need not hear of either.
        if (port->told[id] && !port->client.forget(id)) tell(*port, id);
    }
}

// Whoever sleeps must look at the table too (design section 5, S6). The words are left as they are:
// a ring too many costs its receiver one poll.
void Server::wake_sleepers() {
    if (!table_) return;
    for (const auto& [id, vector] : table_->sleepers()) {
        const auto& eventfds = *ids_->eventfds(id);
        ring_eventfd(eventfds[vector < eventfds.size() ? vector : 0].get());
    }
}

void Server::tell(Port& port, std::int64_t value, SharedFds fds) {
    if (port.doomed) return;
    if (!port.client.push(value, std::move(fds))) return doom(port, "it does not read");
    // What waits already goes first, when its socket or the timer says so.
    if (port.client.queued() == 1) flush(port);
}

void Server::flush(Port& port) {
    if (port.doomed) return;
    const Client::Flushed result = port.client.flush();
    if (result == Client::Flushed::broken) return doom(port, "it has left");
    port.starved = result == Client::Flushed::starved;
    std::uint32_t events = EPOLLIN;
    if (result == Client::Flushed::blocked) events |= EPOLLOUT;
    sd_event_source_set_io_events(port.source.get(), events);
}

// Marks a port for its end. It ends in reap(), as its neighbours may be under way in a loop.
void Server::doom(Port& port, const char* why) {
    if (port.doomed) return;
    port.doomed = true;
    doomed_.push_back(port.id);
    log_.detail("port {} ends: {}", port.id, why);
}

void Server::reap() {
    while (!doomed_.empty()) {
        const std::uint32_t id = doomed_.back();
        doomed_.pop_back();
        detach(id);  // with --no-recycle it tells others, which can doom these in turn
    }
}

}  // namespace famez
