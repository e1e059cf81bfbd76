// SPDX-License-Identifier: BSD-3-Clause
#include "exerciser.h"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <famez/unique_fd.h>

#include "log.h"
#include "options.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view ten_bytes = "0123456789";
constexpr std::uint32_t multiplier_max = 38;  // a message has less than 384 bytes

struct Exercise {
    std::string device;
    std::string target;
    std::uint32_t multiplier = 1;
    std::optional<std::uint64_t> count;
    std::optional<double> duration_s;
    bool json = false;
};

struct Outcome {
    std::uint64_t writes = 0;
    double seconds = 0;
    int error = 0;  // an errno
};

void add_options(CLI::App& app, Exercise& exercise) {
    app.add_option("--bridge", exercise.device, "famez_bridge's device, or its FIFO to write to.")
        ->type_name("DEVICE")
        ->required();
    app.add_option("TARGET", exercise.target,
                   "Whom to write to: an id, CID,SID, or server, as the device takes it.")
        ->required();
    app.add_option("--multiplier", exercise.multiplier, "Messages of so many times ten bytes.")
        ->type_name("N")
        ->check(CLI::Range(1U, multiplier_max).description(""))
        ->capture_default_str();
    app.add_option("--count", exercise.count, "End after so many.")
        ->type_name("N")
        ->check(CLI::PositiveNumber.description(""));
    app.add_option("--duration", exercise.duration_s, "End after this time.")
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber.description(""));
    app.add_flag("--json", exercise.json, "The summary as JSON.");
}

std::string message_of(const Exercise& exercise) {
    std::string message = exercise.target + ":";
    for (std::uint32_t i = 0; i < exercise.multiplier; ++i)
        message += ten_bytes;
    return message;
}

Outcome write_messages(const Exercise& exercise, int fd) {
    const std::string message = message_of(exercise);
    Outcome outcome;
    const Clock::time_point start = Clock::now();
    const auto elapsed = [start] { return std::chrono::duration<double>(Clock::now() - start); };
    while (!stop_requested() && outcome.writes < exercise.count.value_or(UINT64_MAX)) {
        if (exercise.duration_s && elapsed().count() >= *exercise.duration_s) break;
        const ssize_t written = ::write(fd, message.data(), message.size());
        if (written < 0 && errno == EINTR) continue;  // Ctrl-C, while the device made us wait
        if (written != static_cast<ssize_t>(message.size())) {
            outcome.error = written < 0 ? errno : EIO;
            break;
        }
        ++outcome.writes;
    }
    outcome.seconds = elapsed().count();
    return outcome;
}

void print(const Exercise& exercise, const Outcome& outcome) {
    const std::uint64_t bytes = outcome.writes * exercise.multiplier * ten_bytes.size();
    const double seconds = std::max(outcome.seconds, 1e-9);
    const double writes_per_s = static_cast<double>(outcome.writes) / seconds;
    const double bytes_per_s = static_cast<double>(bytes) / seconds;
    if (exercise.json) {
        const nlohmann::json row = {{"device", exercise.device},  {"target", exercise.target},
                                    {"writes", outcome.writes},   {"bytes", bytes},
                                    {"seconds", outcome.seconds}, {"writes_per_s", writes_per_s},
                                    {"bytes_per_s", bytes_per_s}};
        fmt::print("{}\n", row.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    } else {
        fmt::print("{} writes, {} bytes in {:.2f} seconds = {:.0f} w/s, {:.0f} b/s\n",
                   outcome.writes, bytes, outcome.seconds, writes_per_s, bytes_per_s);
    }
}

}  // namespace

bool asks_for_exerciser(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "--bridge" || word.starts_with("--bridge=");
    });
}

int run_exerciser(const std::vector<std::string>& words) {
    CLI::App app{"Messages of ten bytes and more through famez_bridge's device.", "famez_pingpong"};
    Exercise exercise;
    add_options(app, exercise);
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return EXIT_SUCCESS;
    } catch (const CLI::ParseError& error) {
        complain("{}\nfamez_pingpong --bridge DEVICE --help tells the options", error.what());
        return exit_usage;
    }
    const UniqueFd fd(::open(exercise.device.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
        complain("{}: {}", exercise.device, std::strerror(errno));
        return EXIT_FAILURE;
    }
    install_stop_signals();
    const Outcome outcome = write_messages(exercise, fd.get());
    print(exercise, outcome);
    if (outcome.error == 0) return EXIT_SUCCESS;
    complain("{}: {}", exercise.device, std::strerror(outcome.error));
    return EXIT_FAILURE;
}

}  // namespace famez::pingpong
