// SPDX-License-Identifier: BSD-3-Clause
// famez_bridge: a character device for mail, as FAME-Z's users know it. See doc/famez_bridge.md.
#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "front.h"
#include "log.h"
#include "loop.h"
#include "options.h"
#include "port.h"
#include "start_eal.h"

namespace famez::bridge {
namespace {

struct CommandLine {
    std::vector<char*> eal;              // with the program's name
    std::vector<std::string> arguments;  // behind "--"
};

CommandLine split(int argc, char** argv) {
    CommandLine line;
    char** const end = argv + argc;
    char** const separator = std::find(argv, end, std::string("--"));
    line.eal.assign(argv, separator);
    if (separator != end) line.arguments.assign(separator + 1, end);
    // These need no EAL, wherever they stand.
    const std::vector<std::string> without_eal = {"-h", "--help", "-V", "--version"};
    const auto found = std::find_first_of(line.eal.begin(), line.eal.end(), without_eal.begin(),
                                          without_eal.end());
    if (found != line.eal.end()) line.arguments = {*found};
    return line;
}

std::unique_ptr<Front> make_front(Loop& loop, PortMail& mail, const Options& options) {
    if (!options.fifo.empty()) return make_fifos(loop, mail, options.fifo);
    const std::string name = options.name.empty() ? "famez_bridge_" + mail.slot() : options.name;
    return make_device(loop, mail, name, options.shared);
}

int bridge(const Options& options) {
    PortMail mail(find_driver(), options.port);
    say("{} is port {} of the fabric", mail.device(), mail.id());
    Loop loop;
    loop.stop_at_signals();
    const Source removal = loop.watch(mail.removal_fd(), EPOLLIN, [&loop] {
        say("the machine takes the device away");
        loop.stop(EXIT_FAILURE);
    });
    const std::unique_ptr<Front> front = make_front(loop, mail, options);
    return loop.run();
}

int run(const Options& options) {
    try {
        return bridge(options);
    } catch (const std::exception& error) {
        say("{}", error.what());
        return EXIT_FAILURE;
    }
}

int main_program(int argc, char** argv) {
    CommandLine line = split(argc, argv);
    const auto parsed = parse_options(line.arguments);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        std::fputs(end->text.c_str(), end->status == 0 ? stdout : stderr);
        return end->status;
    }
    // Before EAL makes its threads, which are not to get them.
    block_stop_signals();
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads our standard error may go away
    if (const std::string obstacle = start_eal(line.eal, 32); !obstacle.empty()) {
        say("{}", obstacle);
        return EXIT_FAILURE;
    }
    const int status = run(std::get<Options>(parsed));
    end_eal();
    return status;
}

}  // namespace
}  // namespace famez::bridge

int main(int argc, char** argv) {
    try {
        return famez::bridge::main_program(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "famez_bridge: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
