// SPDX-License-Identifier: BSD-3-Clause
// famez_pingpong: latency and throughput of any ethdev port. See doc/famez_pingpong.md.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>

#include "link_watch.h"
#include "log.h"
#include "options.h"
#include "percentile_text.h"
#include "port.h"
#include "report.h"
#include "roles.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

struct CommandLine {
    std::vector<char*> eal;              // with the program's name
    std::vector<std::string> arguments;  // behind "--"
    bool separated = false;
};

CommandLine split(int argc, char** argv) {
    CommandLine line;
    for (int i = 0; i < argc; ++i) {
        const std::string argument = argv[i];
        if (line.separated) {
            line.arguments.push_back(argument);
        } else if (i != 0 && argument == "--") {
            line.separated = true;
        } else {
            line.eal.push_back(argv[i]);
        }
    }
    return line;
}

// Options that need no EAL, wherever they stand.
bool asks_for(const CommandLine& line, const char* shorter, const char* longer) {
    const auto is_it = [=](const std::string& s) { return s == shorter || s == longer; };
    return std::any_of(line.eal.begin(), line.eal.end(), is_it) ||
           std::any_of(line.arguments.begin(), line.arguments.end(), is_it);
}

int end_early(const ParseEnd& end) {
    if (end.status == 0) {
        fmt::print("{}", end.text);
    } else {
        complain("{}", end.text);
    }
    return end.status;
}

bool run_role(const Bench& bench) {
    switch (bench.options.role) {
        case Role::ping:
            return run_ping(bench);
        case Role::pong:
            return run_pong(bench);
        case Role::tx:
            return run_tx(bench);
        case Role::rx:
            return run_rx(bench);
    }
    return false;
}

int run(const Options& options) {
    try {
        const Port port(options);
        LinkWatch link(port.id());
        if (options.wait_s > 0 && !link.wait_until_up(options.wait_s)) {
            if (stop_requested()) return EXIT_FAILURE;
            complain(
                "the link of port {} ({}) stayed down for {:g} s; start the other end, or give "
                "--wait a longer time",
                port.id(), port.driver(), options.wait_s);
            return EXIT_FAILURE;
        }
        Reporter reporter(options, port);
        const bool done = run_role({options, port, link, reporter});
        if (reporter.rows() != 0) reporter.close();
        return done && reporter.all_well() && !port.removed() ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const PortError& error) {
        complain("{}", error.what());
        return EXIT_FAILURE;
    }
}

// EAL prints its usage, a hundred lines, on stdout when it dislikes an option: the line that
// matters, on stderr, would drown, and stdout is for results.
class SilentStdout {
  public:
    SilentStdout() : saved_(dup(STDOUT_FILENO)) {
        std::fflush(stdout);
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere < 0) return;
        dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
    ~SilentStdout() {
        std::fflush(stdout);
        if (saved_ < 0) return;
        dup2(saved_, STDOUT_FILENO);
        ::close(saved_);
    }
    SilentStdout(const SilentStdout&) = delete;
    SilentStdout& operator=(const SilentStdout&) = delete;

  private:
    int saved_;
};

bool start_eal(CommandLine& line) {
    {
        const SilentStdout silent;
        if (rte_eal_init(static_cast<int>(line.eal.size()), line.eal.data()) >= 0) return true;
    }
    complain(
        "EAL did not start ({}); its own lines above say why. Without hugepages give it "
        "--no-huge -m 256 --no-shconf in place of --in-memory; if another DPDK program runs, "
        "another --file-prefix",
        rte_strerror(rte_errno));
    return false;
}

int main_program(int argc, char** argv) {
    CommandLine line = split(argc, argv);
    if (asks_for(line, "-h", "--help")) line.arguments = {"--help"};
    if (asks_for(line, "-V", "--version")) line.arguments = {"--version"};
    if (!line.separated && line.arguments.empty()) {
        complain(
            "there is no \"--\": EAL options come first, then \"--\", then ROLE and its options\n"
            "famez_pingpong --help tells all options");
        return exit_usage;
    }
    const auto parsed = parse_options(line.arguments);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) return end_early(*end);
    const auto& options = std::get<Options>(parsed);
    set_quiet(options.quiet);
    if (const std::string obstacle = histogram_obstacle(options); !obstacle.empty()) {
        complain("{}", obstacle);
        return EXIT_FAILURE;
    }
    if (!start_eal(line)) return EXIT_FAILURE;
    install_stop_signals();
    const int status = run(options);
    rte_eal_cleanup();
    return status;
}

}  // namespace
}  // namespace famez::pingpong

int main(int argc, char** argv) {
    try {
        return famez::pingpong::main_program(argc, argv);
    } catch (const std::exception& error) {
        std::fputs("famez_pingpong: ", stderr);
        std::fputs(error.what(), stderr);
        std::fputs("\n", stderr);
        return EXIT_FAILURE;
    }
}
