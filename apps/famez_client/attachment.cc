// SPDX-License-Identifier: BSD-3-Clause
#include "attachment.h"

#include <chrono>
#include <thread>

#include <famez/error.h>
#include <famez/layout.h>
#include <famez/memory.h>

namespace famez::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds doorbell_patience{300};

SocketTransportOptions options_for(const std::string& socket_path) {
    SocketTransportOptions options;
    options.socket_path = socket_path;
    // The original's region is a file of a few KiB. Whoever cuts it short ends this process, and
    // nothing else.
    options.accept_unsealed = true;
    options.least_bytes = 3 * layout::mail_slot_bytes;
    return options;
}

std::optional<Geometry> geometry_of(std::span<std::byte> region) {
    if (region.size() < layout::region_bytes_min) return std::nullopt;
    try {
        return Geometry::read(region);
    } catch (const FabricError&) {
        return std::nullopt;
    }
}

}  // namespace

Attachment::Attachment(const std::string& socket_path)
    : socket_(options_for(socket_path)), geometry_(geometry_of(socket_.region())) {
    // The protocol has no mark behind the last of them.
    const auto deadline = Clock::now() + doorbell_patience;
    while (eventfds().size() < doorbells_to_come() && service() && Clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds(1));
}

std::size_t Attachment::doorbells_to_come() const {
    if (geometry_) {
        return load_relaxed(at<layout::FabricHeader>(region(), geometry_->header_offset).vectors);
    }
    return load_relaxed(at<layout::MailGlobals>(region(), 0).events);
}

bool Attachment::ring(std::uint16_t peer, std::uint16_t vector) {
    if (socket_.ring(peer, vector)) return true;
    return service() && socket_.ring(peer, vector);
}

bool Attachment::service() {
    served_ = served_ && socket_.service();
    return served_;
}

}  // namespace famez::client
