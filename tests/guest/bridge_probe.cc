// SPDX-License-Identifier: BSD-3-Clause
//
// Uses the bridge's device in a guest, where there is no Python, and prints what came of it: "ok",
// a text, or the name of an errno.
//
//     bridge_probe write|write-now DEVICE TEXT
//     bridge_probe read|read-now DEVICE BYTES
//     bridge_probe poll-in|poll-out DEVICE MILLISECONDS
//     bridge_probe stream DEVICE TARGET:COUNT      numbered messages of 100 bytes; the rate
//     bridge_probe sink DEVICE COUNT               takes those, and says whether all came in order
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t message_bytes = 100;

// The process ends there: each of them is one thing to try.
[[noreturn]] void tell_errno() {
    fmt::print("{}\n", ::strerrorname_np(errno));
    std::exit(EXIT_SUCCESS);
}

std::string read_message(int fd, std::size_t room) {
    std::string text(room, '\0');
    const ssize_t count = ::read(fd, text.data(), room);
    if (count < 0) tell_errno();
    text.resize(static_cast<std::size_t>(count));
    return text;
}

void write_message(int fd, const std::string& text) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0) tell_errno();
    if (static_cast<std::size_t>(count) != text.size()) {
        fmt::print("only {} bytes\n", count);
        std::exit(EXIT_FAILURE);
    }
}

void wait_for(int fd, short what, int milliseconds) {
    pollfd state{fd, what, 0};
    if (::poll(&state, 1, milliseconds) < 0) tell_errno();
    fmt::print("{}\n", (state.revents & what) != 0 ? "ok" : "none");
}

std::string numbered(std::size_t number) {
    return fmt::format("{:<{}}", number, message_bytes);
}

void stream(int fd, std::string_view argument) {
    const std::size_t colon = argument.find(':');
    const std::string target(argument.substr(0, colon + 1));
    const std::size_t count = std::stoul(std::string(argument.substr(colon + 1)));
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i)
        write_message(fd, target + numbered(i));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    fmt::print("{:.0f} writes/s\n", static_cast<double>(count) / took.count());
}

void sink(int fd, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::string text = read_message(fd, 4096);
        if (text.substr(text.find(':') + 1) != numbered(i)) {
            fmt::print("message {} is \"{}\"\n", i, text);
            std::exit(EXIT_FAILURE);
        }
    }
    fmt::print("{} in order\n", count);
}

int run(std::string_view what, const char* device, const char* argument) {
    const int now = what.ends_with("-now") ? O_NONBLOCK : 0;
    const int fd = ::open(device, O_RDWR | O_CLOEXEC | now);
    if (fd < 0) tell_errno();
    if (what.starts_with("write")) {
        write_message(fd, argument);
        fmt::print("ok\n");
    } else if (what.starts_with("read")) {
        fmt::print("{}\n", read_message(fd, std::stoul(argument)));
    } else if (what == "poll-in") {
        wait_for(fd, POLLIN, std::stoi(argument));
    } else if (what == "poll-out") {
        wait_for(fd, POLLOUT, std::stoi(argument));
    } else if (what == "stream") {
        stream(fd, argument);
    } else if (what == "sink") {
        sink(fd, std::stoul(argument));
    }
    ::close(fd);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    try {
        return run(argv[1], argv[2], argv[3]);
    } catch (const std::exception& error) {
        fmt::print("{}\n", error.what());
        return EXIT_FAILURE;
    }
}
