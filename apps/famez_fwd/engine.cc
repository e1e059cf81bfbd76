// SPDX-License-Identifier: BSD-3-Clause
#include "engine.h"

#include <fmt/format.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "log.h"
#include "stop.h"

namespace famez::fwd {
namespace {

std::vector<unsigned> choose_lcores(const Options& options) {
    std::vector<unsigned> lcores = options.cores;
    if (lcores.empty()) {
        unsigned lcore;
        RTE_LCORE_FOREACH(lcore) lcores.push_back(lcore);
    }
    for (const unsigned lcore : lcores) {
        if (rte_lcore_is_enabled(lcore) != 0) continue;
        throw PortError(
            fmt::format("--cores: EAL does not run lcore {}; give it -l or --lcores in "
                        "front of the \"--\"",
                        lcore));
    }
    return lcores;
}

int run_worker(void* worker) {
    try {
        static_cast<Worker*>(worker)->run();
        return 0;
    } catch (const std::exception& error) {
        complain("{}", error.what());
        request_stop();
        return 1;
    }
}

}  // namespace

Engine::Engine(const Options& options)
    : options_(options),
      lcores_(choose_lcores(options)),
      ports_(std::make_unique<Ports>(options, static_cast<std::uint16_t>(lcores_.size()))),
      table_(options.table_size) {
    const auto count = static_cast<std::uint16_t>(lcores_.size());
    if (options.mode == Mode::route) {
        routes_ = std::make_unique<RouteSource>(options.routes, ports_->names(), count);
    }
    shared_.emplace(Shared{options_, *ports_, table_, routes_.get()});
    for (std::uint16_t i = 0; i < count; ++i)
        workers_.push_back(std::make_unique<Worker>(*shared_, i, count, lcores_[i]));
}

void Engine::run() {
    Worker* own = nullptr;
    for (const auto& worker : workers_) {
        if (worker->lcore() == rte_get_main_lcore()) {
            own = worker.get();
        } else {
            rte_eal_remote_launch(run_worker, worker.get(), worker->lcore());
        }
    }
    if (own != nullptr) run_worker(own);
    rte_eal_mp_wait_lcore();
}

Totals Engine::totals(std::uint16_t port) const {
    Totals totals;
    for (const auto& worker : workers_)
        totals.add(worker->counters(port));
    return totals;
}

Totals Engine::totals() const {
    Totals all;
    for (std::uint16_t port = 0; port < ports_->count(); ++port)
        all.add(totals(port));
    return all;
}

std::uint64_t Engine::sleeps() const {
    std::uint64_t sleeps = 0;
    for (const auto& worker : workers_)
        sleeps += worker->sleeps();
    return sleeps;
}

}  // namespace famez::fwd
