// SPDX-License-Identifier: BSD-3-Clause
//
// A line of input on a terminal, with editing, history and completion (libedit), for an event loop:
// fed with what there is to be read, it never waits for more, and never for a terminal that takes
// nothing.
#pragma once

#include <histedit.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace famez {

class LineEditor {
  public:
    enum class Input : std::uint8_t {
        nothing,  // the line goes on
        line,
        end,      // Ctrl-D in an empty line
        hung_up,  // the terminal is gone
    };

    // Whether the terminal is ours now, and not that of the shell that has us in the background:
    // reading it, or setting it, would stop us then (SIGTTIN, SIGTTOU).
    static bool in_foreground();

    // On the terminal that is standard input and output, in the foreground. Throws FabricError.
    LineEditor(std::string prompt, std::vector<std::string> words_to_complete);
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;
    // Leaves the terminal as it was found.
    ~LineEditor();

    // Readable when take() is worth calling.
    [[nodiscard]] int fd() const { return ::fileno(in_.get()); }

    // Shows the prompt and takes the terminal for the line to come; anew after somebody else had
    // it.
    void begin();
    // Gives the terminal back: for output, and at the end.
    void suspend();

    // One key, and what it completes. The line of Input::line is in line(), and the terminal is
    // given back.
    Input take();
    [[nodiscard]] const std::string& line() const { return line_; }

    void print(std::string_view text);
    // Around what somebody else writes to the terminal in the middle of a line.
    void hide();
    void show();

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    struct EndEdit {
        void operator()(EditLine* edit) const { el_end(edit); }
    };
    struct EndHistory {
        void operator()(History* history) const { history_end(history); }
    };

    static LineEditor& self(EditLine* edit);
    static int read_key(EditLine* edit, wchar_t* key);
    bool read_byte();
    [[nodiscard]] std::string completion() const;
    Input take_key();
    void set_up();

    std::string prompt_;
    std::vector<std::string> words_;
    std::string line_;
    std::string pending_;  // keys for libedit
    bool begun_ = false;
    bool hung_up_ = false;
    std::unique_ptr<std::FILE, Close> in_;
    std::unique_ptr<std::FILE, Close> out_;
    std::unique_ptr<History, EndHistory> history_;
    std::unique_ptr<EditLine, EndEdit> edit_;
};

}  // namespace famez
