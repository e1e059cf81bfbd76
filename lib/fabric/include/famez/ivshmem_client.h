// SPDX-License-Identifier: BSD-3-Clause
//
// The client's side of QEMU's ivshmem socket protocol (QEMU docs/specs/ivshmem-spec.txt, "ivshmem
// client-server protocol"; design section 2): ids, the region's file and everybody's eventfds.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <famez/unique_fd.h>

namespace famez {

class IvshmemClient {
  public:
    // Connects and reads the greeting up to the first of the own eventfds: they come last, and the
    // protocol has no other end mark. Further own vectors that have come by then are taken in as
    // well, the rest by service(). Throws
    // FabricError with one line that names `path` and says what to do: no server there, a server of
    // another protocol version, a full fabric (the server closed without an id), a greeting that
    // breaks the protocol, that was truncated (MSG_CTRUNC: descriptors ran out) or does not end in
    // `timeout`.
    static IvshmemClient connect(const std::string& path, std::chrono::milliseconds timeout);

    IvshmemClient(IvshmemClient&&) noexcept = default;
    IvshmemClient& operator=(IvshmemClient&&) noexcept = default;

    [[nodiscard]] std::uint16_t id() const { return id_; }
    [[nodiscard]] int region_fd() const { return region_.get(); }
    // The socket, for an event loop; -1 once the server has gone.
    [[nodiscard]] int socket_fd() const { return socket_.get(); }
    // Own eventfds, one a vector, in vector order.
    [[nodiscard]] const std::vector<UniqueFd>& own_eventfds() const { return own_; }
    // The eventfds of the peers that are there now, by id, in vector order.
    [[nodiscard]] const std::map<std::uint16_t, std::vector<UniqueFd>>& peers() const {
        return peers_;
    }

    // Takes in what the server has said since (peers that came and went) without blocking. Returns
    // false once the server has gone or broken the protocol (reason() says which): the region and
    // the eventfds stay usable, and no further call changes anything.
    bool service();
    [[nodiscard]] const std::string& reason() const { return reason_; }

    // Rings vector `vector` of `peer` (or of the own id); never blocks. False when there is no such
    // peer or vector. Any thread, at any time.
    bool ring(std::uint16_t peer, std::uint16_t vector) const;

  private:
    // What comes next. The order of a greeting is fixed.
    enum class Stage : std::uint8_t { version, id, region, peers, attached };
    enum class Received : std::uint8_t { something, nothing, ended };

    IvshmemClient() = default;
    void open(const std::string& path, std::chrono::steady_clock::time_point deadline);
    void greet(std::chrono::steady_clock::time_point deadline);
    Received receive();
    bool own_descriptors(const struct msghdr& message);
    void handle(std::int64_t value);
    void handle_region();
    void handle_port(std::uint16_t port);
    void retire(std::uint16_t port);
    [[nodiscard]] int bell(std::uint16_t peer, std::uint16_t vector) const;
    void end(std::string reason);

    // The descriptors of vector 0 by id, plus 1; 0: none. What most threads of the data path see.
    using Bells = std::unique_ptr<std::atomic<int>[]>;
    static constexpr std::size_t ids = 65536;

    UniqueFd socket_;
    UniqueFd region_;
    std::uint16_t id_ = 0;
    std::vector<UniqueFd> own_;
    std::map<std::uint16_t, std::vector<UniqueFd>> peers_;
    // For the other vectors: own_ and peers_, while service() changes them and others ring.
    std::unique_ptr<std::mutex> others_ = std::make_unique<std::mutex>();
    Bells bells_ = std::make_unique<std::atomic<int>[]>(ids);
    // Of peers that have left. A thread may be about to ring one of them, so they stay open: a
    // number that the kernel gives out anew would be rung instead. Ids that have left do not
    // return, so there are not many.
    std::vector<UniqueFd> retired_;
    std::string reason_;
    Stage stage_ = Stage::version;
    std::array<std::byte, sizeof(std::int64_t)> bytes_{};  // of the message under way
    std::size_t filled_ = 0;
    std::deque<UniqueFd> descriptors_;  // that came and belong to no message yet
};

}  // namespace famez
