// SPDX-License-Identifier: BSD-3-Clause
// famez_pingpong: latency and throughput of any ethdev port, or of the fabric's own API. See
// doc/famez_pingpong.md.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include <famez/error.h>

#include "clock.h"
#include "command_line.h"
#include "ethdev_port.h"
#include "exerciser.h"
#include "fabric_port.h"
#include "link_watch.h"
#include "log.h"
#include "options.h"
#include "percentile_text.h"
#include "report.h"
#include "roles.h"
#include "start_eal.h"
#include "stop.h"

namespace famez::pingpong {
namespace {

int end_early(const ParseEnd& end) {
    if (end.status == 0) {
        fmt::print("{}", end.text);
    } else {
        complain("{}", end.text);
    }
    return end.status;
}

template <class AnyPort>
bool run_role(const Bench& bench, AnyPort& port) {
    switch (bench.options.role) {
        case Role::ping:
            return run_ping(bench, port);
        case Role::pong:
            return run_pong(bench, port);
        case Role::tx:
            return run_tx(bench, port);
        case Role::rx:
            return run_rx(bench, port);
    }
    return false;
}

template <class AnyPort>
int run(const Options& options) {
    try {
        AnyPort port(options);
        LinkWatch link(port);
        if (options.wait_s > 0 && !link.wait_until_up(options.wait_s)) {
            if (stop_requested()) return EXIT_FAILURE;
            complain(
                "the link of port {} ({}) stayed down for {:g} s; start the other end, or give "
                "--wait a longer time",
                port.id(), port.driver(), options.wait_s);
            return EXIT_FAILURE;
        }
        Reporter reporter(options, port);
        const bool done = run_role({options, port, link, reporter}, port);
        if (reporter.rows() != 0) reporter.close();
        return done && reporter.all_well() && !port.removed() ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const PortError& error) {
        complain("{}", error.what());
    } catch (const FabricError& error) {
        complain("{}", error.what());
    }
    return EXIT_FAILURE;
}

int run_on_ethdev(CommandLine& line) {
    if (const std::string obstacle = start_eal(line.eal, 256); !obstacle.empty()) {
        complain("{}", obstacle);
        return EXIT_FAILURE;
    }
    start_clock_of_eal();
    install_stop_signals();
    const int status = run<EthdevPort>(line.options);
    end_eal();
    return status;
}

int run_on_fabric(const Options& options) {
    start_clock();
    install_stop_signals();
    return run<FabricPort>(options);
}

int main_program(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (asks_for_exerciser(words)) return run_exerciser(words);
    auto parsed = parse_command_line(argc, argv);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) return end_early(*end);
    auto& line = std::get<CommandLine>(parsed);
    set_quiet(line.options.quiet);
    if (const std::string obstacle = histogram_obstacle(line.options); !obstacle.empty()) {
        complain("{}", obstacle);
        return EXIT_FAILURE;
    }
    return line.options.api == Api::fabric ? run_on_fabric(line.options) : run_on_ethdev(line);
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
