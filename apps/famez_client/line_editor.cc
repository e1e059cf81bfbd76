// SPDX-License-Identifier: BSD-3-Clause
#include "line_editor.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include <famez/error.h>

namespace famez::client {
namespace {

constexpr int history_lines = 1000;
constexpr char end_of_file = 4;  // what libedit puts into the line for Ctrl-D on an empty one

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

std::string common_beginning(const std::vector<std::string>& words) {
    std::string common = words.front();
    for (const std::string& word : words) {
        const auto differs = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
        common.erase(differs.first, common.end());
    }
    return common;
}

}  // namespace

std::optional<std::string> history_path() {
    namespace fs = std::filesystem;
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    fs::path directory;
    if (state != nullptr && state[0] == '/') {
        directory = state;
    } else if (home != nullptr && home[0] == '/') {
        directory = fs::path(home) / ".local/state";
    } else {
        return std::nullopt;
    }
    directory /= "famez";
    std::error_code error;
    fs::create_directories(directory, error);
    if (error || ::access(directory.c_str(), W_OK) != 0) return std::nullopt;
    return directory / "history";
}

LineEditor::LineEditor(std::string prompt, Complete complete)
    : prompt_(std::move(prompt)),
      complete_(std::move(complete)),
      editor_(::el_init("famez_client", stdin, stdout, stderr)) {
    if (editor_ == nullptr) throw FabricError("the terminal cannot be used for editing");
    ::el_set(editor_, EL_CLIENTDATA, this);
    ::el_set(editor_, EL_PROMPT, prompt_of);
    ::el_set(editor_, EL_EDITOR, "emacs");
    ::el_set(editor_, EL_SIGNAL, 0);
    // The same with narrow strings leaks copies of them.
    ::el_wset(editor_, EL_ADDFN, L"famez-complete", L"Complete commands and names", complete_in);
    ::el_set(editor_, EL_BIND, "^I", "famez-complete", nullptr);
    // They read keys in loops of their own, in which no mail would be taken.
    for (const char* key : {"^R", "^S", "^[x", "^[X"})
        ::el_set(editor_, EL_BIND, key, "ed-unassigned", nullptr);
    open_history();
    ::el_source(editor_, nullptr);  // the user's ~/.editrc
}

LineEditor::~LineEditor() {
    pause();
    if (history_ != nullptr) {
        HistEvent event;
        if (history_path_) ::history(history_, &event, H_SAVE, history_path_->c_str());
        ::history_end(history_);
    }
    ::el_end(editor_);
}

void LineEditor::open_history() {
    history_ = ::history_init();
    if (history_ == nullptr) return;
    HistEvent event;
    ::history(history_, &event, H_SETSIZE, history_lines);
    ::history(history_, &event, H_SETUNIQUE, 1);
    history_path_ = history_path();
    if (history_path_) ::history(history_, &event, H_LOAD, history_path_->c_str());
    ::el_set(editor_, EL_HIST, ::history, history_);
}

void LineEditor::begin() {
    if (std::exchange(active_, true)) return;
    if (std::exchange(raw_, true)) ::el_set(editor_, EL_UNBUFFERED, 0);
    // Shows the prompt too.
    ::el_set(editor_, EL_UNBUFFERED, 1);
}

void LineEditor::pause() {
    active_ = false;
    if (std::exchange(raw_, false)) ::el_set(editor_, EL_UNBUFFERED, 0);
}

LineEditor::Event LineEditor::feed() {
    int count = 0;
    errno = 0;
    const char* text = ::el_gets(editor_, &count);
    if (text == nullptr || count <= 0) {
        // Nothing in the line is no end; a terminal that has gone is.
        const bool gone = errno == EIO || errno == EBADF;
        return gone ? Event::end : Event::none;
    }
    line_.assign(text, static_cast<std::size_t>(count));
    if (line_.size() == 1 && line_[0] == end_of_file) {
        pause();
        put("\n");
        return Event::end;
    }
    if (line_.back() != '\n' && line_.back() != '\r') return Event::none;
    line_.pop_back();
    // The terminal stays raw: a Ctrl-D typed while a command runs would be lost otherwise.
    active_ = false;
    remember();
    return Event::line;
}

void LineEditor::remember() const {
    if (history_ == nullptr || line_.find_first_not_of(" \t") == std::string::npos) return;
    HistEvent event;
    ::history(history_, &event, H_ENTER, line_.c_str());
}

void LineEditor::cancel() {
    put("^C\n");
    active_ = false;
    begin();
}

void LineEditor::resize() {
    ::el_resize(editor_);
}

void LineEditor::resume() {
    if (!active_) return;
    ::el_set(editor_, EL_PREP_TERM, 1);
    show();
}

void LineEditor::hide() {
    if (!active_) return;
    const LineInfo* info = ::el_line(editor_);
    const std::size_t before =
        prompt_.size() + static_cast<std::size_t>(info->cursor - info->buffer);
    const std::size_t rows = before / terminal_columns();
    if (rows > 0) put(fmt::format("\x1b[{}A", rows));
    put("\r\x1b[J");
}

void LineEditor::show() {
    if (active_) ::el_set(editor_, EL_REFRESH);
}

LineEditor& LineEditor::of(EditLine* editor) {
    void* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<LineEditor*>(self);
}

char* LineEditor::prompt_of(EditLine* editor) {
    return of(editor).prompt_.data();
}

unsigned char LineEditor::complete_in(EditLine* editor, int /*key*/) {
    return of(editor).complete();
}

unsigned char LineEditor::complete() {
    const LineInfo* info = ::el_line(editor_);
    const std::string before(info->buffer, info->cursor);
    const std::size_t blank = before.find_last_of(' ');
    const std::string word = blank == std::string::npos ? before : before.substr(blank + 1);
    std::vector<std::string> fitting = complete_(before);
    std::erase_if(fitting, [&](const std::string& w) { return !w.starts_with(word); });
    if (fitting.empty()) return CC_REFRESH_BEEP;
    std::string rest = common_beginning(fitting).substr(word.size());
    if (fitting.size() == 1) rest += ' ';
    if (!rest.empty()) {
        ::el_insertstr(editor_, rest.c_str());
        return CC_REFRESH;
    }
    offer(fitting);
    return CC_REDISPLAY;
}

void LineEditor::offer(const std::vector<std::string>& words) const {
    std::size_t width = 0;
    for (const std::string& word : words)
        width = std::max(width, word.size() + 2);
    const std::size_t a_row = std::max<std::size_t>(1, terminal_columns() / width);
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
        text += fmt::format("{}{:<{}}", i % a_row == 0 ? "\n" : "", words[i], width);
    put(text + "\n");
}

}  // namespace famez::client
