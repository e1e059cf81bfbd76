// SPDX-License-Identifier: BSD-3-Clause
#include "region_peek.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <span>
#include <thread>
#include <type_traits>

#include <famez/error.h>
#include <famez/layout.h>
#include <famez/memory.h>
#include <famez/unique_fd.h>

#include "files.h"

namespace famez::doctor {
namespace {

// Wherever the header is, given the largest number of ports, it lies below this.
constexpr std::uint64_t looked_at =
    layout::header_offset(layout::ports_max) + sizeof(layout::FabricHeader);

// The server moves its heartbeat ten times a second.
constexpr auto heartbeat_patience = std::chrono::milliseconds(1500);
constexpr auto heartbeat_step = std::chrono::milliseconds(50);

// What the child says, over a pipe.
struct Message {
    enum class Kind : std::uint8_t { fabric, no_fabric, not_read };
    Kind kind = Kind::not_read;
    RegionFacts facts;
    std::array<char, 400> text{};

    void say(Kind what, std::string_view why) {
        kind = what;
        std::copy_n(why.begin(), std::min(why.size(), text.size() - 1), text.begin());
    }
};
static_assert(std::is_trivially_copyable_v<Message>);

// The whole region as addresses, but only its beginning as memory: mapping all of a large BAR would
// cost page tables that a small guest does not have.
std::span<std::byte> map_beginning(int fd, std::uint64_t offset, std::uint64_t bytes) {
    void* base =
        ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return {};
    if (::mmap(base, std::min(bytes, looked_at), PROT_READ, MAP_SHARED | MAP_FIXED, fd,
               static_cast<off_t>(offset)) == MAP_FAILED) {
        return {};
    }
    return {static_cast<std::byte*>(base), bytes};
}

bool heartbeat_moves(layout::FabricHeader& header) {
    const std::uint64_t before = load_relaxed(header.server_heartbeat);
    for (auto waited = heartbeat_step; waited <= heartbeat_patience; waited += heartbeat_step) {
        std::this_thread::sleep_for(heartbeat_step);
        if (load_relaxed(header.server_heartbeat) != before) return true;
    }
    return false;
}

void look(std::span<std::byte> region, Message& message) {
    if (load_relaxed(at<std::uint64_t>(region, 0)) == ~std::uint64_t{0}) {
        message.say(Message::Kind::not_read,
                    "the device does not answer: its memory reads as all "
                    "ones");
        return;
    }
    RegionFacts& facts = message.facts;
    facts.geometry = Geometry::read(region);
    auto& header = at<layout::FabricHeader>(region, facts.geometry.header_offset);
    facts.version_major = load_relaxed(header.version_major);
    facts.version_minor = load_relaxed(header.version_minor);
    facts.vectors = load_relaxed(header.vectors);
    facts.server_runs = heartbeat_moves(header);
    message.kind = Message::Kind::fabric;
}

[[noreturn]] void child(int pipe, int fd, std::uint64_t offset, std::uint64_t bytes) {
    Message message;
    const auto region = map_beginning(fd, offset, bytes);
    if (region.empty()) {
        message.say(Message::Kind::not_read,
                    fmt::format("it cannot be mapped: {}", std::strerror(errno)));
    } else {
        try {
            look(region, message);
        } catch (const FabricError& error) {
            message.say(Message::Kind::no_fabric, error.what());
        }
    }
    const auto written = ::write(pipe, &message, sizeof message);
    ::_exit(written == sizeof message ? 0 : 1);
}

Peek result_of(const Message& message) {
    switch (message.kind) {
        case Message::Kind::fabric:
            return message.facts;
        case Message::Kind::no_fabric:
            return NoFabric{message.text.data()};
        case Message::Kind::not_read:
            break;
    }
    return NotRead{message.text.data()};
}

}  // namespace

Peek peek_region(int fd, std::uint64_t offset, std::uint64_t bytes) {
    if (bytes < layout::region_bytes_min) {
        return NoFabric{fmt::format("{} are too small for a fabric", size_text(bytes))};
    }
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return NotRead{std::strerror(errno)};
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return NotRead{std::strerror(errno)};
    if (pid == 0) {
        // A sanitizer's handler would print a report of a fault that is expected.
        std::signal(SIGBUS, SIG_DFL);
        child(writer.get(), fd, offset, bytes);
    }
    writer.reset();
    Message message;
    const ssize_t got = ::read(reader.get(), &message, sizeof message);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (got != sizeof message) {
        return NotRead{"it was taken away while it was read: a program has just opened the device"};
    }
    message.text.back() = '\0';
    return result_of(message);
}

std::string describe(const RegionFacts& facts) {
    const Geometry& g = facts.geometry;
    return fmt::format(
        "layout version {}.{}, {} ports, {} lane{} a pair, rings of {}, {} vectors, "
        "{}",
        facts.version_major, facts.version_minor, g.ports, g.lanes, g.lanes == 1 ? "" : "s",
        size_text(g.ring_bytes), facts.vectors, size_text(g.region_bytes));
}

}  // namespace famez::doctor
