// SPDX-License-Identifier: BSD-3-Clause
#include "line_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <famez/error.h>

namespace famez {
namespace {

constexpr int history_lines = 200;
// For the rest of an escape sequence, which a terminal sends at once. Its first key alone is the
// operator's Escape.
constexpr int escape_ms = 50;
constexpr char no_key = '\a';
constexpr char end_of_input = 4;

// The terminal opened once more: O_NONBLOCK belongs to the open file, and that of a standard stream
// is shared with the shell. Where it cannot be opened (another user's), the shared one has to do.
std::FILE* open_terminal(int standard, const char* mode) {
    const std::string path = fmt::format("/proc/self/fd/{}", standard);
    int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) fd = ::fcntl(standard, F_DUPFD_CLOEXEC, 0);
    std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, mode);
    if (file != nullptr) return file;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    throw FabricError(fmt::format("the terminal cannot be opened: {}", std::strerror(error)));
}

bool wait_for_input(int fd, int ms) {
    pollfd in{fd, POLLIN, 0};
    return ::poll(&in, 1, ms) == 1;
}

}  // namespace

LineEditor::LineEditor(std::string prompt, std::vector<std::string> words_to_complete)
    : prompt_(std::move(prompt)),
      words_(std::move(words_to_complete)),
      in_(open_terminal(STDIN_FILENO, "r")),
      out_(open_terminal(STDOUT_FILENO, "w")),
      history_(history_init()),
      edit_(el_init("famez_server", in_.get(), out_.get(), out_.get())) {
    if (history_ == nullptr || edit_ == nullptr) {
        throw FabricError("the console cannot be set up: libedit fails");
    }
    set_up();
}

LineEditor::~LineEditor() {
    if (in_foreground()) {
        suspend();
    } else {
        static_cast<void>(edit_.release());
    }
}

void LineEditor::set_up() {
    HistEvent event;
    history(history_.get(), &event, H_SETSIZE, history_lines);
    history(history_.get(), &event, H_SETUNIQUE, 1);
    EditLine* edit = edit_.get();
    el_set(edit, EL_CLIENTDATA, this);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 0);
    el_set(edit, EL_HIST, history, history_.get());
    el_set(edit, EL_GETCFN, &LineEditor::read_key);
    using Prompt = char* (*)(EditLine*);
    const Prompt prompt = [](EditLine* of) { return self(of).prompt_.data(); };
    el_set(edit, EL_PROMPT, prompt);
    // M-x asks for a command's name in a loop of its own, and our loop would stand still.
    for (const char* key : {"^[x", "^[X"})
        el_set(edit, EL_BIND, key, "ed-unassigned", nullptr);
}

LineEditor& LineEditor::self(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return *static_cast<LineEditor*>(data);
}

bool LineEditor::in_foreground() {
    const pid_t owner = ::tcgetpgrp(STDIN_FILENO);
    return owner < 0 || owner == ::getpgrp();  // no job control on a terminal that is not ours
}

void LineEditor::begin() {
    suspend();
    el_set(edit_.get(), EL_UNBUFFERED, 1);
    begun_ = true;
}

void LineEditor::suspend() {
    if (!begun_) return;
    el_set(edit_.get(), EL_UNBUFFERED, 0);
    begun_ = false;
}

int LineEditor::read_key(EditLine* edit, wchar_t* key) {
    LineEditor& editor = self(edit);
    if (editor.pending_.empty() && !editor.read_byte()) return 0;
    *key = static_cast<unsigned char>(editor.pending_.front());
    editor.pending_.erase(0, 1);
    return 1;
}

// The next key, or those that a completion stands for, into pending_. False: the terminal is gone.
bool LineEditor::read_byte() {
    char byte = 0;
    const bool there = wait_for_input(fd(), escape_ms);
    const ssize_t bytes = there ? ::read(fd(), &byte, 1) : -1;
    if (!there || (bytes < 0 && (errno == EAGAIN || errno == EINTR))) {
        pending_ = no_key;
    } else if (bytes <= 0) {
        hung_up_ = true;
    } else if (byte == '\t') {
        pending_ = completion();
        if (pending_.empty()) pending_ = no_key;
    } else {
        pending_ = static_cast<unsigned char>(byte) < 0x80 ? byte : '?';  // commands are ASCII
    }
    return !hung_up_;
}

LineEditor::Input LineEditor::take() {
    Input input = take_key();
    while (input == Input::nothing && !pending_.empty())
        input = take_key();
    return input;
}

LineEditor::Input LineEditor::take_key() {
    int count = 0;
    const char* text = el_gets(edit_.get(), &count);
    std::clearerr(out_.get());
    if (hung_up_) return Input::hung_up;
    if (text == nullptr || count <= 0) return Input::nothing;
    if (count == 1 && text[0] == end_of_input) {
        suspend();
        return Input::end;
    }
    if (text[count - 1] != '\n' && text[count - 1] != '\r') return Input::nothing;
    line_.assign(text, static_cast<std::size_t>(count - 1));
    if (line_.find_first_not_of(' ') != std::string::npos) {
        HistEvent event;
        history(history_.get(), &event, H_ENTER, line_.c_str());
    }
    suspend();
    return Input::line;
}

// What is missing of the one word that begins as the line does. (Functions added to libedit would
// do this too, and it never frees them.)
std::string LineEditor::completion() const {
    const LineInfo* info = el_line(edit_.get());
    const std::string_view typed(info->buffer,
                                 static_cast<std::size_t>(info->cursor - info->buffer));
    std::string rest;
    for (const std::string& word : words_) {
        if (!word.starts_with(typed)) continue;
        if (!rest.empty()) return {};
        rest = word.substr(typed.size());
    }
    return rest;
}

void LineEditor::print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), out_.get());
    std::fflush(out_.get());
    std::clearerr(out_.get());  // what a terminal does not take is lost, and no more
}

void LineEditor::hide() {
    if (begun_) print("\r\x1b[K");
}

void LineEditor::show() {
    if (begun_) el_set(edit_.get(), EL_REFRESH);
}

}  // namespace famez
