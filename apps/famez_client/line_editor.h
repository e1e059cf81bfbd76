// SPDX-License-Identifier: BSD-3-Clause
//
// A line under way at a terminal, by libedit, fed from somebody else's event loop.
#pragma once

#include <histedit.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace famez::client {

// One at a time. Standard input and output are a terminal.
class LineEditor {
  public:
    // What may stand at the end of `before` (the line up to the cursor).
    using Complete = std::function<std::vector<std::string>(const std::string& before)>;

    LineEditor(std::string prompt, Complete complete);
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;
    // Keeps the history; the terminal is as it was.
    ~LineEditor();

    // begin() shows the prompt. Until pause() the terminal is the editor's.
    void begin();
    void pause();

    enum class Event : unsigned char { none, line, end };
    // Something can be read. At `line` it is in line(), and begin() asks for the next.
    Event feed();
    [[nodiscard]] const std::string& line() const { return line_; }
    // Ctrl-C: the line is forgotten.
    void cancel();
    // The terminal has another size, or is ours again behind a Ctrl-Z.
    void resize();
    void resume();

    // Around what others print.
    void hide();
    void show();

  private:
    static char* prompt_of(EditLine* editor);
    static unsigned char complete_in(EditLine* editor, int key);
    static LineEditor& of(EditLine* editor);
    unsigned char complete();
    void offer(const std::vector<std::string>& words) const;
    void open_history();
    void remember() const;

    std::string prompt_;
    Complete complete_;
    EditLine* editor_ = nullptr;
    History* history_ = nullptr;
    std::optional<std::string> history_path_;
    std::string line_;
    bool active_ = false;  // a line is under way
    bool raw_ = false;     // the terminal is the editor's
};

// $XDG_STATE_HOME/famez/history, its directory made if need be; nothing where that cannot be.
std::optional<std::string> history_path();

}  // namespace famez::client
