// SPDX-License-Identifier: BSD-3-Clause
//
// The fabric's keeper: accepts clients on a UNIX socket, gives each an id, the region and
// everybody's eventfds, and takes note of their end. It is never on the data path.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <famez/server_table.h>
#include <famez/unique_fd.h>

#include "client.h"
#include "event.h"
#include "id_source.h"
#include "log.h"
#include "observer.h"

namespace famez {

struct ServerSettings {
    std::uint32_t ports = 0;
    std::uint32_t vectors = 0;
    bool recycle = true;
    bool silent = false;
    // As QEMU's own ivshmem-server: ids rise from 0 and are used once, `ports` means nothing, and
    // the server is no peer (recycle = false, silent = true).
    bool stock = false;
};

class Server {
  public:
    // `listener` listens and does not block; `region` is the region's file, and has no table when
    // the server is a stock one. SIGINT, SIGTERM and SIGHUP end run(), those of them that the
    // caller has blocked; with a log file SIGHUP reopens that instead. Throws FabricError.
    Server(const ServerSettings& settings, UniqueFd listener, UniqueFd region,
           std::optional<ServerTable> table, Log& log);

    // For those that live in the same loop: the server outlives them.
    void add_observer(ServerObserver& observer) { observers_.push_back(&observer); }
    [[nodiscard]] sd_event* loop() const { return event_.get(); }
    [[nodiscard]] const IdSource& ids() const { return *ids_; }
    [[nodiscard]] const SharedFds& own_eventfds() const { return own_eventfds_; }
    [[nodiscard]] const std::optional<ServerTable>& table() const { return table_; }

    // Serves until a signal ends it. Returns the exit code.
    int run();

  private:
    // An id with its holder.
    struct Port {
        Server* server;
        std::uint32_t id;
        Client client;
        std::vector<bool> told;  // ids whose eventfds this client has been sent: see detach()
        EventSource source;
        bool starved = false;
        bool doomed = false;
    };

    // sd-event calls back into these.
    void on_listener();
    void on_port(Port& port, std::uint32_t events);
    void on_tick();
    template <typename Function>
    int guarded(Function function);

    void tell_manager(const std::string& news = {});
    void watch_signals();
    void watch_listener(UniqueFd listener);
    void start_ticking();
    void pause_accepting(int error);

    void attach(UniqueFd socket);
    void introduce(Port& newcomer);
    void greet(Port& newcomer);
    void wake_sleepers();
    void detach(std::uint32_t id);
    void tell(Port& port, std::int64_t value, SharedFds fds = nullptr);
    void flush(Port& port);
    void doom(Port& port, const char* why);
    void reap();

    ServerSettings settings_;
    SharedFds region_;
    std::optional<ServerTable> table_;
    Log& log_;
    std::unique_ptr<IdSource> ids_;
    SharedFds own_eventfds_;  // of the server as the peer ports + 1
    Event event_;
    UniqueFd listener_;
    EventSource listener_source_;
    EventSource tick_source_;
    std::uint32_t ticks_until_accepting_ = 0;
    std::uint32_t ticks_ = 0;
    std::optional<std::size_t> told_manager_;  // the number of ports attached
    std::map<std::uint32_t, std::unique_ptr<Port>> ports_;
    std::vector<std::uint32_t> doomed_;
    std::vector<ServerObserver*> observers_;
};

}  // namespace famez
