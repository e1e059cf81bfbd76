// SPDX-License-Identifier: BSD-3-Clause
#include "fabric_port.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <bit>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "clock.h"
#include "log.h"
#include "pin.h"

namespace famez::pingpong {
namespace {

// In the units that famez_server takes.
std::string size_text(std::uint64_t bytes) {
    constexpr std::uint64_t mib = 1U << 20;
    return bytes % mib == 0 ? fmt::format("{}M", bytes / mib) : fmt::format("{}K", bytes / 1024);
}

// The ring whose payload_max() is no less than this.
std::uint64_t ring_for(std::uint32_t bytes) {
    return std::bit_ceil(2 * (std::uint64_t{bytes} + record::header_bytes + 16));
}

SocketTransportOptions transport_options(const Options& options) {
    SocketTransportOptions result;
    result.socket_path = options.socket;
    return result;
}

PortOptions port_options(const Options& options) {
    PortOptions result;
    // tx waits for nobody's messages.
    if (options.idle_us && options.role != Role::tx) result.capabilities = layout::cap_may_sleep;
    return result;
}

// Sleeps as design section 5 says, by the endpoint's Sleeper.
class Doorbell final : public Interrupt {
  public:
    explicit Doorbell(Endpoint<WriteBack>& endpoint) : endpoint_(endpoint) {}

    [[nodiscard]] bool works() const override { return endpoint_.sleeper().able(); }
    [[nodiscard]] const std::string& reason() const override { return reason_; }
    bool wait(double seconds) override {
        famez::Sleeper& sleeper = endpoint_.sleeper();
        sleeper.fall_asleep(endpoint_.receiver());
        pollfd bell{sleeper.fd(), POLLIN, 0};
        const auto whole = static_cast<std::time_t>(seconds);
        const timespec time{whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
        // Ctrl-C ends it too.
        const bool came = ppoll(&bell, 1, &time, nullptr) > 0;
        sleeper.wake_up();
        return came;
    }

  private:
    Endpoint<WriteBack>& endpoint_;
    std::string reason_ = "the server gave this port no vector";
};

}  // namespace

FabricPort::FabricPort(const Options& options)
    : transport_(transport_options(options)),
      peer_(options.peer ? peer_id(*options.peer) : 0),
      endpoint_(transport_, port_options(options), peer_, tx_, rx_),
      book_(transport_.region(), endpoint_.port().geometry()),
      mac_(fabric_address(static_cast<std::uint8_t>(endpoint_.port().geometry().number),
                          transport_.id())),
      prefix_(load<std::uint32_t>(mac_.data())),
      ports_(endpoint_.port().geometry().ports),
      payload_max_(endpoint_.port().geometry().payload_max()),
      largest_sent_(options.largest_frame()) {
    check(options);
    std::uint64_t address = 0;
    std::memcpy(&address, mac_.data(), mac_.size());
    endpoint_.port().set_addresses({&address, 1}, 0);
    book_.refresh();
    endpoint_.port().set_state(layout::PortState::up);
    control_ = std::jthread([this](const std::stop_token& stop) { keep_ticking(stop); });
    // Behind the start of the other thread, which is to run elsewhere.
    if (options.cpu) pin_to(*options.cpu);
}

void FabricPort::check(const Options& options) const {
    if (largest_sent_ > payload_max_) {
        throw PortError(fmt::format(
            "messages of {} bytes: the lanes of this fabric take up to {}; give a smaller --size, "
            "or start famez_server with --ring-size {}",
            largest_sent_, payload_max_, size_text(ring_for(largest_sent_))));
    }
    if (options.peer && peer_ != 0) {
        const auto theirs = fabric_number(address_of(*options.peer, mac_));
        if (theirs != fabric_number(mac_)) {
            throw PortError(
                fmt::format("--peer: that is an address of fabric {}, and this is fabric {}: give "
                            "the port's id",
                            theirs, fabric_number(mac_)));
        }
    }
    if (options.peer && peer_ == transport_.id()) {
        throw PortError(fmt::format("--peer {}: that is this end's own id", peer_));
    }
    if (peer_ > ports_) {
        throw PortError(fmt::format("--peer {}: this fabric has ports 1 to {}", peer_, ports_));
    }
}

void FabricPort::keep_ticking(const std::stop_token& stop) {
    // Ctrl-C is for the thread that sleeps.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    bool served = true;
    do {
        const bool still = endpoint_.tick();
        if (served && !still) note("the server has gone; traffic between the ports goes on");
        served = still;
        book_.refresh();
        stopped.wait_for(lock, stop, std::chrono::milliseconds(famez::Port::tick_ms),
                         [] { return false; });
    } while (!stop.stop_requested());
}

bool FabricPort::gone(std::uint32_t id) {
    return !sender().up(id) || endpoint_.port().stale(id);
}

bool FabricPort::link_up() {
    if (peer_ != 0) return endpoint_.port().alive(peer_);
    return partner_ == 0 || !gone(partner_);
}

std::uint32_t FabricPort::recipient_of(const MacAddress& mac) {
    std::uint64_t address = 0;
    std::memcpy(&address, mac.data(), mac.size());
    return book_.current().recipient(address, transport_.id());
}

void FabricPort::found_full(std::uint32_t to) {
    add(tx_.full, 1);
    sender().service(to);
}

std::uint16_t FabricPort::flood(const Packet* messages, std::uint16_t count) {
    std::uint64_t address = 0;
    std::memcpy(&address, messages->data, mac_.size());
    book_.current().each_hearer(address, [&](std::uint32_t id) {
        if (id == transport_.id() || gone(id)) return;
        const std::uint16_t taken = send_to(id, messages, count);
        add(tx_.flood_dropped, count - taken);
    });
    return count;
}

bool FabricPort::send_frame(std::span<const std::uint8_t> frame) {
    const Packet packet{frame.data(), static_cast<std::uint32_t>(frame.size())};
    const std::uint64_t deadline = now_cycles() + to_cycles(send_frame_seconds);
    while (send(&packet, 1) == 0) {
        if (now_cycles() >= deadline) return false;
    }
    return true;
}

void FabricPort::receive_control(const std::function<void(const ReceivedControl&)>& visit) {
    Received none;
    Inbox inbox(*this, none);
    inbox.receive(32);
    inbox.each([] {},
               [&](const FabricFrame& frame) {
                   if (const auto received = parse_control(frame)) visit(*received);
                   return true;
               });
}

std::unique_ptr<Interrupt> FabricPort::make_interrupt() {
    return std::make_unique<Doorbell>(endpoint_);
}

}  // namespace famez::pingpong
