// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for the operator, on standard error or in a file.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <famez/unique_fd.h>

namespace famez {

class Log {
  public:
    // `path` empty: standard error; else the file, which is appended to, a time before each line.
    // Throws FabricError.
    explicit Log(int verbosity, std::string path = {});

    // Whoever shows something on the terminal below our lines.
    class Screen {
      public:
        Screen() = default;
        Screen(const Screen&) = delete;
        Screen& operator=(const Screen&) = delete;
        virtual void hide() = 0;
        virtual void show() = 0;

      protected:
        ~Screen() = default;
    };
    // Null: nobody.
    void set_screen(Screen* screen) { screen_ = screen; }

    [[nodiscard]] bool has_file() const { return !path_.empty(); }
    // Somebody has moved the file away: begins a new one, or goes on with the old when that fails.
    void reopen();

    // What the operator must see whatever happens around it.
    template <typename... Args>
    void always(fmt::format_string<Args...> format, Args&&... args) {
        write(fmt::format(format, std::forward<Args>(args)...));
    }
    // What a client can bring about, so as often as it likes: limited to a few lines a second.
    template <typename... Args>
    void event(fmt::format_string<Args...> format, Args&&... args) {
        if (admit()) write(fmt::format(format, std::forward<Args>(args)...));
    }
    // The same, only with -v.
    template <typename... Args>
    void detail(fmt::format_string<Args...> format, Args&&... args) {
        if (verbosity_ > 0 && admit()) write(fmt::format(format, std::forward<Args>(args)...));
    }

    // To be called about ten times a second: gives back allowance, and tells what was kept quiet.
    void tick();

  private:
    static constexpr std::uint32_t burst_lines = 50;

    bool admit();
    void write(const std::string& line);

    int verbosity_;
    std::string path_;
    UniqueFd file_;
    Screen* screen_ = nullptr;
    std::uint32_t allowance_ = burst_lines;
    std::uint64_t suppressed_ = 0;
};

}  // namespace famez
