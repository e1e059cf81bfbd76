// SPDX-License-Identifier: BSD-3-Clause
//
// Zero copy as an application sees it, by counts and by content: a port lends its buffers, another
// one's application holds them. Both are in one process, but for the scenarios of killed.cc.
//
//     zero_copy_probe EAL-OPTIONS -- SOCKET SCENARIO     exit status 0, or 1 and what was wrong
//
// The server at SOCKET must have nobody else: the first to come gets id 1, the second id 2.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "expect.h"
#include "scenarios.h"
#include "start_eal.h"

namespace {

namespace probe = famez::probe;

const std::map<std::string_view, void (*)(const std::string&)> scenarios{
    {"counts", probe::counts},
    {"held", probe::held},
    {"threads", probe::threads},
    {"stopped", probe::stopped},
    {"sender-stops", probe::sender_stops},
    {"reset", probe::reset},
    {"close", probe::close},
    {"close-again", probe::close_again},
    {"clone", probe::clone},
    {"clone-kept", probe::clone_kept},
    {"cleanup", probe::cleanup},
    {"successor-alike", probe::successor_alike},
    {"successor-smaller", probe::successor_smaller},
    {"late-pool", probe::late_pool},
    {"pool-again", probe::pool_again},
    {"limit", probe::limit},
    {"pool-errors", probe::pool_errors},
    {"queues", probe::queues},
    {"copies", probe::copies},
    {"copies-few", probe::copies_few},
    {"copies-chains", probe::copies_chains},
    {"copies-refused", probe::copies_refused},
    {"copies-reset", probe::copies_reset},
    {"copies-large", probe::copies_large},
    {"holds-on", probe::holds_on},
    {"lends", probe::lends},
    {"lends-on", probe::lends_on},
    {"lends-scribbling", probe::lends_scribbling},
};

}  // namespace

int main(int argc, char** argv) {
    const auto dashes = std::find(argv, argv + argc, std::string_view("--"));
    if (argv + argc - dashes != 3 || !scenarios.contains(dashes[2])) return 2;
    std::vector<char*> words(argv, dashes);
    if (const std::string error = famez::start_eal(words, 128); !error.empty()) {
        fmt::print(stderr, "{}\n", error);
        return EXIT_FAILURE;
    }
    try {
        scenarios.at(dashes[2])(dashes[1]);
    } catch (const std::exception& error) {
        probe::fail(error.what());
    }
    std::fflush(stdout);
    // Without an end to EAL: what a scenario left behind ends as it would with a killed process.
    std::_Exit(probe::failures() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
