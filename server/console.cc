// SPDX-License-Identifier: BSD-3-Clause
#include "console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include <famez/error.h>

#include "commands.h"

namespace famez {
namespace {

std::string prompt_of(const FabricReport& report) {
    const auto server = report.server();
    return (server ? server->node_name : "famez_server") + "> ";
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command& command : command_table()) {
        const std::string_view all = command.names;
        names.emplace_back(all.substr(0, all.find(' ')));
    }
    return names;
}

std::string_view first_word(std::string_view line) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    return line.substr(0, line.find_first_of(" \t"));
}

}  // namespace

bool Console::possible() {
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

Console::Console(sd_event* loop, Log& log, const FabricReport& report)
    : loop_(loop), log_(log), report_(report) {
    watch_continuation();
    if (!log.has_file() && ::isatty(STDERR_FILENO) == 1) log.set_screen(this);
    tick();
}

Console::~Console() {
    log_.set_screen(nullptr);
    if (active_) editor_->print("\n");
}

void Console::hide() {
    if (active_) editor_->hide();
}

void Console::show() {
    if (active_) editor_->show();
}

// After Ctrl-Z and fg the terminal is set as the shell likes it: the next tick takes it anew.
void Console::watch_continuation() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCONT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    sd_event_source* source = nullptr;
    const auto callback = [](sd_event_source*, const signalfd_siginfo*, void* self) {
        static_cast<Console*>(self)->let_go();
        return 0;
    };
    check_event(sd_event_add_signal(loop_, &source, SIGCONT, callback, this),
                "signals cannot be watched");
    continuation_.reset(source);
}

void Console::tick() {
    if (gone_) return;
    const bool ours = LineEditor::in_foreground();
    if (!ours && active_) let_go();
    if (!ours || active_) return;
    try {
        take_terminal();
    } catch (const FabricError& error) {
        gone_ = true;
        log_.always("warning: there is no console: {}", error.what());
    }
}

void Console::take_terminal() {
    if (editor_ == nullptr) {
        editor_ = std::make_unique<LineEditor>(prompt_of(report_), command_names());
        keys_ = std::make_unique<IoWatch>(loop_, log_, editor_->fd(), [this] { on_input(); });
    }
    keys_->enable(true);
    editor_->begin();
    active_ = true;
}

void Console::let_go() {
    active_ = false;
    if (keys_ != nullptr) keys_->enable(false);
}

void Console::on_input() {
    if (!LineEditor::in_foreground()) return let_go();
    switch (editor_->take()) {
        case LineEditor::Input::nothing:
            return;
        case LineEditor::Input::line:
            return on_line();
        case LineEditor::Input::end:
            sd_event_exit(loop_, 0);
            return;
        case LineEditor::Input::hung_up:
            gone_ = true;  // whether that is the end is SIGHUP's business
            return let_go();
    }
}

void Console::on_line() {
    obey(editor_->line());
    int code = 0;
    if (sd_event_get_exit_code(loop_, &code) < 0) editor_->begin();
}

void Console::obey(std::string_view line) {
    const std::string_view word = first_word(line);
    if (word.empty()) return;
    const Command* command = find_command(word);
    if (command == nullptr) {
        return editor_->print(
            fmt::format("no command {}; help lists those that there are\n", word));
    }
    if (command->answer == nullptr) {
        active_ = false;  // the terminal is given back already
        sd_event_exit(loop_, 0);
        return;
    }
    std::string text;
    for (const std::string& answer : command->answer(report_))
        text += answer + "\n";
    editor_->print(text);
}

}  // namespace famez
