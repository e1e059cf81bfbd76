// SPDX-License-Identifier: BSD-3-Clause
// famez_fwd: a message switch between fabrics and any other DPDK ports. See doc/famez_fwd.md.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_pdump.h>

#include "command_line.h"
#include "control.h"
#include "engine.h"
#include "log.h"
#include "start_eal.h"
#include "telemetry.h"
#include "view.h"

namespace famez::fwd {
namespace {

// dpdk-dumpcap asks the program whose ports it is to capture.
class Capture {
  public:
    explicit Capture(bool wanted) : works_(wanted && rte_pdump_init() == 0) {
        if (wanted && !works_) {
            note(
                "dpdk-dumpcap cannot capture here ({}): EAL runs without --in-memory or "
                "--no-shconf "
                "for that",
                rte_strerror(rte_errno));
        }
    }
    ~Capture() {
        if (works_) rte_pdump_uninit();
    }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

  private:
    bool works_;
};

void run(const Options& options) {
    Engine engine(options);
    const Capture capture(options.capture && rte_eal_has_hugepages() != 0);
    const Telemetry telemetry(engine);
    const auto view = make_view(options);
    Control control(engine, *view);
    engine.run();
    control.join();
    view->sum_up(take_snapshot(engine, control.seconds()));
}

int run_on_eal(CommandLine& line) {
    set_quiet(line.options.quiet);
    block_signals();
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go away
    std::vector<char*> words;
    for (std::string& word : line.eal)
        words.push_back(word.data());
    if (const std::string obstacle = start_eal(words, 256); !obstacle.empty()) {
        complain("{}", obstacle);
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    try {
        run(line.options);
    } catch (const std::exception& error) {
        complain("{}", error.what());
        status = EXIT_FAILURE;
    }
    end_eal();
    return status;
}

int main_program(int argc, char** argv) {
    auto parsed = parse_command_line(argc, argv);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        if (end->status == 0) {
            std::fputs(end->text.c_str(), stdout);
        } else {
            complain("{}", end->text);
        }
        return end->status;
    }
    return run_on_eal(std::get<CommandLine>(parsed));
}

}  // namespace
}  // namespace famez::fwd

int main(int argc, char** argv) {
    try {
        return famez::fwd::main_program(argc, argv);
    } catch (const std::exception& error) {
        std::fputs("famez_fwd: ", stderr);
        std::fputs(error.what(), stderr);
        std::fputs("\n", stderr);
        return EXIT_FAILURE;
    }
}
