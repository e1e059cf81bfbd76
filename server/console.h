// SPDX-License-Identifier: BSD-3-Clause
//
// The operator's terminal: a prompt below the log, and the commands of commands.h.
#pragma once

#include <memory>
#include <string_view>

#include "fabric_report.h"
#include "line_editor.h"
#include "log.h"
#include "observer.h"
#include "watch.h"

namespace famez {

class Console final : public ServerObserver, private Log::Screen {
  public:
    // Standard input and output are a terminal.
    static bool possible();

    // Everything referred to outlives this. Throws FabricError. A terminal that cannot be used is
    // said, and that is all.
    Console(sd_event* loop, Log& log, const FabricReport& report);
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    ~Console() override;

    void attached(std::uint32_t, pid_t) override {}
    void left(std::uint32_t) override {}
    // Looks whether the shell has moved us to the background or back. It may have started us there.
    void tick() override;

  private:
    // Of the log's screen: only while the terminal is ours.
    void hide() override;
    void show() override;
    void watch_continuation();
    void take_terminal();
    void let_go();
    void on_input();
    void on_line();
    void obey(std::string_view line);

    sd_event* loop_;
    Log& log_;
    const FabricReport& report_;
    std::unique_ptr<LineEditor> editor_;  // none before the terminal was ours for the first time
    std::unique_ptr<IoWatch> keys_;
    bool active_ = false;
    bool gone_ = false;
    EventSource continuation_;
};

}  // namespace famez
