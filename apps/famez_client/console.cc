// SPDX-License-Identifier: BSD-3-Clause
#include "console.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <variant>

#include "commands.h"
#include "line_editor.h"
#include "mail_line.h"
#include "options.h"
#include "stop.h"
#include "targets.h"

namespace famez::client {
namespace {

constexpr auto forever = Session::Clock::time_point::max();

std::atomic<bool> resized{false};
std::atomic<bool> continued{false};

void on_terminal_signal(int number) {
    (number == SIGWINCH ? resized : continued).store(true, std::memory_order_relaxed);
}

// What poll() says of standard input now.
short input_events() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0 ? input.revents : short{0};
}

// The exit code of one line; nothing when it asks to end.
std::optional<int> execute(Session& session, const std::string& line, const Command& defaults) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') return exit_ok;
    const auto parsed = parse_line(line, defaults);
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        std::string text = end->text;
        while (text.ends_with('\n'))
            text.pop_back();
        if (end->exit_code == exit_ok) {
            session.output().line(text);
        } else {
            std::fputs((text + "\n").c_str(), stderr);
        }
        return end->exit_code;
    }
    const auto& command = std::get<Command>(parsed);
    if (command.verb == Verb::quit) return std::nullopt;
    return run_command(session, command);
}

// Lines of a pipe or a file.
class Script {
  public:
    explicit Script(Session& session) : session_(session) {}

    // Lives on the fabric until there is one; nothing at the end.
    std::optional<std::string> next() {
        for (;;) {
            const auto end = buffer_.find('\n');
            if (end != std::string::npos || (ended_ && !buffer_.empty())) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end == std::string::npos ? end : end + 1);
                return line;
            }
            if (ended_ || stop_requested()) return std::nullopt;
            session_.turn(forever, STDIN_FILENO);
            if (input_events() != 0) read_some();
        }
    }

  private:
    void read_some() {
        std::array<char, 4096> bytes{};
        const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (got > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(got));
        ended_ = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
    }

    Session& session_;
    std::string buffer_;
    bool ended_ = false;
};

int run_script(Session& session, const Command& defaults) {
    Script script(session);
    int status = exit_ok;
    while (const auto line = script.next()) {
        const auto code = execute(session, *line, defaults);
        if (!code || stop_requested()) break;
        if (*code != exit_ok) status = *code;
    }
    return status;
}

std::vector<std::string> completions(Session& session, const std::string& before) {
    const auto first = before.find_first_not_of(' ');
    const bool is_command =
        first == std::string::npos || before.find(' ', first) == std::string::npos;
    return is_command ? command_words() : target_words(session.mailbox());
}

class Prompt {
  public:
    Prompt(Session& session, const Command& defaults)
        : session_(session),
          defaults_(defaults),
          editor_(session.self().node_name + "> ",
                  [&session](const std::string& before) { return completions(session, before); }) {
        session_.output().before = [this] { editor_.hide(); };
        session_.output().after = [this] { editor_.show(); };
        for (const int number : {SIGWINCH, SIGCONT}) {
            struct sigaction action {};
            action.sa_handler = on_terminal_signal;
            ::sigaction(number, &action, nullptr);
        }
    }
    Prompt(const Prompt&) = delete;
    Prompt& operator=(const Prompt&) = delete;
    ~Prompt() {
        session_.output().before = [] {};
        session_.output().after = [] {};
    }

    void run() {
        for (editor_.begin(); !end_requested();) {
            session_.turn(forever, STDIN_FILENO);
            heed_signals();
            const short events = input_events();
            if (events == 0) continue;
            if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0) return;  // the terminal has gone
            const auto event = editor_.feed();
            if (event == LineEditor::Event::end) return;
            if (event != LineEditor::Event::line) continue;
            if (!execute(session_, editor_.line(), defaults_)) return;
            clear_stop();
            editor_.begin();
        }
    }

  private:
    void heed_signals() {
        if (resized.exchange(false)) editor_.resize();
        if (continued.exchange(false)) editor_.resume();
        if (!stop_requested() || end_requested()) return;
        clear_stop();
        editor_.cancel();
    }

    Session& session_;
    const Command& defaults_;
    LineEditor editor_;
};

}  // namespace

int run_console(Session& session, const Command& defaults) {
    session.prepare(defaults);
    session.show = [&session, &defaults](const Mail& mail) {
        session.output().line(mail_line(session, mail, defaults.json));
    };
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
        return run_script(session, defaults);
    }
    session.output().line(fmt::format("{}, id {} of {}; 'help' tells what to type, Ctrl-D ends",
                                      session.self().node_name, session.id(),
                                      session.mailbox().ports()));
    Prompt(session, defaults).run();
    return exit_ok;
}

}  // namespace famez::client
